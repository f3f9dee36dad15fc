// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "host-sidecar/audit-log.h"

/* Who asked what of which guest, by which path, with what result: for each question a record before
 * it is asked (result `asked`) and one after, in a file whose lines are chained, and in the host's
 * journal where there is one. */

/* The process that asks; -1 for what is not known. */
typedef struct {
    gint64 uid, gid, pid;
    const char *executable; /* NULL: not known */
} PstAuditProcess;

/* This one. */
const PstAuditProcess *pst_audit_self(void);

/* Who asks, in words and numbers. */
typedef struct {
    const char *words; /* pst_audit_caller(), pst_caller_describe() */
    PstAuditProcess process;
} PstAuditCaller;

typedef struct {
    const char *caller;             /* in words: pst_audit_caller() */
    const PstAuditProcess *process; /* NULL: not known */
    const char *method;
    const char *uuid; /* of the guest; NULL: not known */
    const PstAnswer *answer;
    gboolean synced; /* it is on the disk once it is written: of what changes something */
    gboolean halted; /* nothing is left to be tried: in the journal somebody has to see it */
} PstAuditRecord;

/* Who runs this process, as `name (uid N)`, and who had logged in for that if it is somebody else;
 * the number alone where no name came within 200 ms. Found out once. */
const char *pst_audit_caller(void);

/* The same of any user; LOGIN is who had logged in, or -1 where that is not known. Asks NSS, and
 * waits for it as above: not in an event loop. Free with g_free(). */
char *pst_audit_describe(guint uid, gint64 login);

gboolean pst_audit_write_to(const PstAuditPlaces *places, const char *caller, const char *method,
                            const PstAnswer *answer, GError **error);

/* Writes a record to the machine's own places, of a guest whose UUID is not known; the process is
 * this one where CALLER is pst_audit_caller()'s. Never waits for a journal that is stuck, and three
 * seconds at most for other writers. FALSE with PST_ERROR_OUTPUT where the file does not take it;
 * the journal may have it. */
gboolean pst_audit_write(const char *caller, const char *method, const PstAnswer *answer,
                         GError **error);

/* The same of all that is known. */
gboolean pst_audit_record_to(const PstAuditPlaces *places, const PstAuditRecord *audit,
                             GError **error);
gboolean pst_audit_record(const PstAuditRecord *audit, GError **error);
