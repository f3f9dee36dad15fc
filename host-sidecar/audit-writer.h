// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/audit.h"

/* Writes audit records in a thread of its own, in the order in which they come: the log's other
 * writers may have to be waited for, and an event loop must not stand still for them. None is left
 * out, and nobody waits: whoever adds many has to be slowed down by who reads from them. */

typedef struct PstAuditWriter PstAuditWriter;

/* WRITE is pst_audit_record(), or what is to be called in its place; COMPLAIN is told, in the same
 * thread, what keeps a record from being written, once until one is written again. */
typedef struct {
    gboolean (*write)(const PstAuditRecord *record, GError **error);
    void (*complain)(const GError *error);
    /* All up to NUMBER were written, or can't be; told in the loop of CONTEXT, once of many. NULL:
     * nobody wants to know. */
    void (*written)(guint64 number, gpointer user_data);
    GMainContext *context;
    gpointer user_data;
} PstAuditWriterFuncs;

/* Lives as long as the process. */
PstAuditWriter *pst_audit_writer_new(const PstAuditWriterFuncs *funcs);

/* CALLER, and what of ANSWER is recorded, are copied. Returns the record's number, from 1 on; sets
 * *N_WAITING, unless NULL, to how many of the caller's uid are not written yet. */
guint64 pst_audit_writer_add(PstAuditWriter *writer, const PstAuditCaller *caller,
                             const char *method, const PstAnswer *answer, guint *n_waiting);

/* Waits until all is written. FALSE where it was not before DEADLINE_US (monotonic clock). */
gboolean pst_audit_writer_flush(PstAuditWriter *writer, gint64 deadline_us);
