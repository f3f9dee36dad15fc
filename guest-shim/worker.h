// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* A worker: one probe in a child process of its own, with a deadline, rlimits and a cap on what it
 * may answer. Whatever the probe does (sleep, crash, fork, fill its pipe, block in a dead mount),
 * its worker's owner hears of the end at the deadline at the latest, and never waits for it. */

typedef struct PstWorker PstWorker;

/* Called once, from the main loop, with the validated JSON text of the report (borrowed), or with
 * an error: PST_ERROR_DEADLINE, PST_ERROR_TOO_LARGE, or PST_ERROR_INTERNAL where the probe crashed
 * or wrote no report. The worker is gone afterwards. */
typedef void (*PstWorkerDone)(PstWorker *worker, const char *text, gsize len, const GError *error,
                              gpointer user_data);

/* Starts PROBE. ARGS is of probe->kind->args; it and CONTEXT are needed only until this returns.
 * NULL with PST_ERROR_BUSY where PST_LIMIT_STUCK_WORKERS can't even be killed, or
 * PST_ERROR_UNAVAILABLE where the guest can't fork. */
PstWorker *pst_worker_start(const PstProbe *probe, gconstpointer args,
                            const PstProbeContext *context, PstWorkerDone done, gpointer user_data,
                            GError **error);

/* Kills it; `done` is not called. */
void pst_worker_cancel(PstWorker *worker);

/* For SIGCHLD: kills and reaps whatever a probe's own children have left behind. The process must
 * be a child subreaper (prctl(2), PR_SET_CHILD_SUBREAPER) for them to be found. */
void pst_worker_reap_orphans(void);

/* How many were killed more than a second ago and are not gone: the kernel holds them. */
guint pst_worker_n_stuck(void);

/* Whether one that asked the question ID was killed and is not gone. */
gboolean pst_worker_is_held(const PstMessageId *id);
