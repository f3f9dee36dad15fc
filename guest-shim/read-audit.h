// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* A record in the guest's journal of each file or folder that somebody wanted to see through the
 * read door: who, as the host names him, what, and whether it was allowed. */

/* journalctl MESSAGE_ID=… */
#define PST_READ_AUDIT_MESSAGE_ID "b3a1c5de7f2046a9a0c4d1f85e6b7c32"

typedef struct {
    const char *probe;   /* that was asked */
    const char *asked;   /* the path that was asked for */
    const char *real;    /* that it led to; NULL where that is not known */
    const char *refusal; /* NULL where it was allowed */
} PstReadAudit;

/* Writes the record, before anything is shown. Never waits: a journal that does not take it at once
 * is passed over for the kernel's log. FALSE with PST_ERROR_UNAVAILABLE where neither takes it. */
gboolean pst_read_audit_write(const PstProbeContext *context, const PstReadAudit *audit,
                              GError **error);
