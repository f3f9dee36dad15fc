// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* What the audit log tells, for `postern audit`: a line of the file and of those that were rotated
 * out of it is an entry. Whether it is as it was written is pst_chain_verify()'s to say. */

typedef struct {
    const char *guest;         /* only of this guest, by its name or UUID; NULL: of all */
    gint64 since_us, until_us; /* host's real time; 0: no bound */
    guint lines;               /* at most so many, the newest */
} PstAuditWish;

typedef struct {
    GPtrArray *lines; /* of JsonObject, the oldest first */
    guint64 n_older;  /* that were left out */
    guint64 n_broken; /* lines that are no entry */
    char *fault;      /* what could not be read; NULL */
} PstAuditEntries;

/* At most so much of the lines is kept, in bytes. */
#define PST_AUDIT_ENTRIES_BYTES (32 * 1024 * 1024)

PstAuditEntries *pst_audit_entries_read(const char *file, const PstAuditWish *wish);
void pst_audit_entries_free(PstAuditEntries *entries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAuditEntries, pst_audit_entries_free)

/* One line of a log as an entry that is wished for; NULL where it is none, and then, where it is
 * none of any wish, adds to *n_broken. */
JsonObject *pst_audit_entries_parse(const char *line, gsize len, const PstAuditWish *wish,
                                    guint64 *n_broken);

/* For people, a line an entry, with what was left out below; and for programs. */
char *pst_audit_entries_to_text(const PstAuditEntries *entries);
JsonObject *pst_audit_entries_to_json(const PstAuditEntries *entries);
