// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/exec-way.h"
#include "protocol/exec.h"

/* A command in a guest from its start, or from where it is, to its end: what it writes is handed on
 * as it comes, what it is to be fed is sent, and signals to this process are passed on to it. */

/* Takes LEN bytes of a stream; FALSE where nobody wants them any more. */
typedef gboolean (*PstExecRunSink)(PstExecStream stream, gconstpointer data, gsize len,
                                   gpointer user_data);

/* Waits until the sink would take PST_EXEC_RUN_BITE bytes of that stream without being held up, for
 * TIMEOUT_MS at most or until a signal comes; FALSE where it would not yet. */
typedef gboolean (*PstExecRunWait)(PstExecStream stream, int timeout_ms, gpointer user_data);

#define PST_EXEC_RUN_BITE 4096 /* PIPE_BUF: what a pipe that can be written to takes at once */

typedef struct {
    PstExecRunSink sink;
    PstExecRunWait wait; /* NULL: the sink is never held up */
    gpointer user_data;
    GBytes *input;                   /* all that it is fed; NULL: nothing is */
    gint64 from[PST_EXEC_N_STREAMS]; /* of each stream, where to begin */
    gboolean joins;                  /* it was another's before: from where that one has left off */
    gboolean end;                    /* at what it has written so far */
    gint64 patience_us;              /* for how long the guest may be out of reach; less than 55 s
                                      * counts as that */
} PstExecRunWish;

/* How it ended. */
typedef struct {
    char *guest, *via;    /* NULL: not known */
    PstExecPage *last;    /* whose pieces are what came last */
    gboolean interrupted; /* by a signal to this process while it was being started */
    gboolean missed[PST_EXEC_N_STREAMS]; /* some of the stream was not to be had any more */
} PstExecRunOutcome;

void pst_exec_run_outcome_clear(PstExecRunOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstExecRunOutcome, pst_exec_run_outcome_clear)

/* Starts it, and goes on to its end, or, where it is detached, not: then a signal to this process
 * meanwhile is no command's, and the error tells whether it was started all the same. FALSE with
 * the error; PST_ERROR_OUTPUT where the sink wanted no more. */
gboolean pst_exec_run_start(PstExecWay *way, PstExecStart *start, const PstExecRunWish *wish,
                            gint64 deadline_us, PstExecRunOutcome *outcome, GError **error);

/* The same of ID, which was started before. */
gboolean pst_exec_run_follow(PstExecWay *way, const char *id, const PstExecRunWish *wish,
                             PstExecRunOutcome *outcome, GError **error);
