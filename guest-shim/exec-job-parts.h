// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <poll.h>

#include "guest-shim/exec-child.h"
#include "guest-shim/exec-input.h"
#include "guest-shim/exec-job.h"
#include "guest-shim/exec-stream.h"
#include "protocol/limits.h"

/* What the files of exec-job share: a command that runs, and who asks about it. */

#define PST_EXEC_JOB_VISITORS 8
/* Of each stream, in one answer. */
#define PST_EXEC_JOB_PAGE (PST_LIMIT_EXEC_PAGE / PST_EXEC_N_STREAMS)

/* Somebody who asks about the command. */
typedef struct {
    PstExecPeer *peer;
    PstMessageId id;
    PstExecAsk ask;
    gint64 until_us; /* how long it may be kept waiting */
    gboolean asked;  /* the request is whole, and not answered yet */
} PstExecJobVisitor;

typedef struct {
    const PstExecJob *job;
    const PstExecTarget *target;
    PstExecChild child;
    pid_t pid; /* as it was */
    PstExecInputFeed *input;
    PstExecStreamBuffer *stream[PST_EXEC_N_STREAMS];
    GPtrArray *visitors; /* of PstExecJobVisitor */
    int signals;
    int state, status, signal;
    const char *why;
    char *failure; /* why it was never started, in words; NULL: it was */
    gint64 begun_us, ended_us, deadline_us, contact_us;
    gint64 realtime_us; /* when it began, for people */
    gboolean is_listed;
    gint64 killed_us;     /* 0: it was not */
    gboolean is_given_up; /* it does not die */
} PstExecJobWork;

void pst_exec_job_free_visitor(gpointer data);

/* Whether it has ended, with all that it wrote read; where it was killed, with all that it started.
 */
gboolean pst_exec_job_has_ended(const PstExecJobWork *work);

/* Kills it with all that it started; to be done again until that is so. WHY is what is told of it:
 * NULL where somebody asked for it. */
void pst_exec_job_kill(PstExecJobWork *work, const char *why);

/* How it is, for ASK. */
PstExecPage *pst_exec_job_page(const PstExecJobWork *work, const PstExecAsk *ask);

void pst_exec_job_answer(PstExecPeer *peer, const PstMessageId *id, JsonObject *result);
void pst_exec_job_answer_error(PstExecPeer *peer, const PstMessageId *id, const GError *error);

/* The request that started it is answered as any other. */
void pst_exec_job_admit(PstExecJobWork *work);

/* Takes who waits at its socket; does what is due for those that are there, by what poll(2) said of
 * each in FDS; answers those for whom there is news. */
void pst_exec_job_accept(PstExecJobWork *work);
void pst_exec_job_serve(PstExecJobWork *work, const struct pollfd *fds);
void pst_exec_job_settle(PstExecJobWork *work);

/* Whether anybody waits for an answer. */
gboolean pst_exec_job_is_awaited(const PstExecJobWork *work);
