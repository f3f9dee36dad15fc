// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "host-sidecar/audit-log.h"

/* Who asked what of which guest, by which path, with what result: for each question a record before
 * it is asked (result `asked`) and one after, in the host's journal, or in a file where there is no
 * journal. */

/* Who runs this process, as `name (uid N)`, and who had logged in for that if it is somebody else;
 * the number alone where no name came within 200 ms. Found out once. */
const char *pst_audit_caller(void);

/* The same of any user; LOGIN is who had logged in, or -1 where that is not known. Asks NSS, and
 * waits for it as above: not in an event loop. Free with g_free(). */
char *pst_audit_describe(guint uid, gint64 login);

gboolean pst_audit_write_to(const PstAuditPlaces *places, const char *caller, const char *method,
                            const PstAnswer *answer, GError **error);

/* Writes the record to the machine's own places. Never waits for a journal that is stuck. FALSE
 * with PST_ERROR_OUTPUT where neither the journal nor the file takes it. */
gboolean pst_audit_write(const char *caller, const char *method, const PstAnswer *answer,
                         GError **error);
