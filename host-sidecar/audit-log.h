// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* Where the host keeps its audit records: in a file, whose lines are chained, and in the journal,
 * where there is one. */

/* The kinds of records in the journal: journalctl MESSAGE_ID=…; systemd/postern.catalog tells of
 * each. */
#define PST_AUDIT_MESSAGE_ID "6d0e1f5a3c3b4c7e9a5b2f8d7c1e4a90"         /* a question */
#define PST_AUDIT_MESSAGE_ID_REFUSED "2f1c8f4e7d6a4b0f8e3b95a6c0d47e12" /* one not permitted */
#define PST_AUDIT_MESSAGE_ID_SEAL "91b7d3a05c2e4f86a7d1e84b3f60c529"    /* of a bundle */
#define PST_AUDIT_MESSAGE_ID_HALTED "ac03be6e41bb4933959a3f709c7d618a"  /* somebody has to look */
#define PST_AUDIT_MESSAGE_ID_FAULT "c46e0b9d18f34a7793520e6fa8d1b47b"   /* of the file itself */

/* The journal's socket, and the file. */
typedef struct {
    const char *journal;
    const char *file;
} PstAuditPlaces;

/* The machine's own journal. */
#define PST_AUDIT_LOG_JOURNAL "/run/systemd/journal/socket"

/* The file of whoever runs this process. Free with g_free(). */
char *pst_audit_log_file(void);

/* The file of the door `diagnose` or `recover` as its unit lays it; NULL for another word. Free
 * with g_free(). */
char *pst_audit_log_file_of_door(const char *door);

/* A journal record of that kind, to which fields are appended. Free with g_string_free(). */
GString *pst_audit_log_record(const char *message_id, int priority);

/* One field of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/; escaped, a value holds no line feed.
 * NULL appends nothing. */
void pst_audit_log_field(GString *record, const char *name, const char *value);

/* Appends LINE, an object, to the file, and sends RECORD to the journal with the number and the
 * digest of that line; without these where the file does not take it. SYNCED as of
 * pst_chain_append(). Never waits for a journal that is stuck. FALSE with PST_ERROR_OUTPUT where
 * the file does not take it. */
gboolean pst_audit_log_write(const PstAuditPlaces *places, GString *record, JsonObject *line,
                             gboolean synced, GError **error);
