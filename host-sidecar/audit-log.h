// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Where the host keeps its audit records: the journal, and a file. */

/* The id of these records in the journal: journalctl MESSAGE_ID=… */
#define PST_AUDIT_MESSAGE_ID "6d0e1f5a3c3b4c7e9a5b2f8d7c1e4a90"

/* The journal's socket, and the file that is appended to where the socket is not there or does not
 * take the record at once. */
typedef struct {
    const char *journal;
    const char *file;
} PstAuditPlaces;

/* The machine's own journal. */
#define PST_AUDIT_LOG_JOURNAL "/run/systemd/journal/socket"

/* The file of whoever runs this process. Free with g_free(). */
char *pst_audit_log_file(void);

/* A journal record with what all audit records have, to which fields are appended. Free with
 * g_string_free(). */
GString *pst_audit_log_record(void);

/* One field of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/; escaped, a value holds no line feed. */
void pst_audit_log_field(GString *record, const char *name, const char *value);

/* Never waits for a journal that is stuck: FALSE where it does not take the record at once. */
gboolean pst_audit_log_send(const char *socket_path, const GString *record);

/* Appends the object as a line, and, where SYNCED, waits until it is on the disk, and so the file's
 * name; FALSE with PST_ERROR_OUTPUT. */
gboolean pst_audit_log_append(const char *path, const char *json, gboolean synced, GError **error);
