// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/exec-audit.h"
#include "guest-shim/exec-job-parts.h"
#include "guest-shim/loop-handles.h"
#include "protocol/json.h"

/* A command that nobody asks about, and that was not detached, is nobody's. */
#define ABANDONED_US (60 * (gint64)G_USEC_PER_SEC)
/* What was killed ends at once, or hangs in the kernel: then its end is not waited for. */
#define KILLED_US (3 * (gint64)G_USEC_PER_SEC)
#define KILL_AGAIN_MS 20
/* Of the command in a list. */
#define MAX_WORDS 512
/* What has not ended by then is listed while it runs: a short one goes before that. */
#define LISTED_US (20 * G_GINT64_CONSTANT(1000))

/* ---- its end ---- */

static void
note_end(PstExecJobWork *work, int status)
{
    PstExecFailure failure = {0, NULL};

    work->ended_us = g_get_monotonic_time();
    work->child.pid = 0;
    work->state = WIFSIGNALED(status) ? PST_EXEC_KILLED : PST_EXEC_EXITED;
    work->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    work->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (!pst_exec_child_has_failed(&work->child, work->target, &failure))
        return;
    work->state = PST_EXEC_FAILED;
    work->status = failure.status;
    work->failure = pst_json_clean(failure.why);
    g_free(failure.why);
}

/* The command's own end, and of those that it left behind. */
static void
reap(PstExecJobWork *work)
{
    struct signalfd_siginfo info;
    int status = 0;
    pid_t pid;

    while (read(work->signals, &info, sizeof(info)) > 0)
        continue;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == work->child.pid)
            note_end(work, status);
}

/* What was killed and does not die hangs in the kernel, and what holds its pipes as well. */
static void
give_up(PstExecJobWork *work)
{
    work->is_given_up = TRUE;
    if (work->state == PST_EXEC_RUNNING) {
        work->ended_us = g_get_monotonic_time();
        work->state = PST_EXEC_KILLED;
        work->signal = SIGKILL;
    }
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        pst_exec_stream_end(work->stream[i]);
}

/* Kills what is due, and again for as long as it lives. */
static void
watch_time(PstExecJobWork *work)
{
    gint64 now_us = g_get_monotonic_time();

    if (pst_exec_job_has_ended(work))
        return;
    if (work->killed_us > 0) {
        pst_exec_job_kill(work, NULL);
        if (now_us > work->killed_us + KILLED_US)
            give_up(work);
    } else if (now_us >= work->deadline_us) {
        pst_exec_job_kill(work, "deadline");
    } else if (!work->job->start->detach && now_us >= work->contact_us + ABANDONED_US) {
        pst_exec_job_kill(work, "abandoned");
    } else if (pst_exec_input_differs(work->input)) {
        pst_exec_job_kill(work, "input-differs");
    }
}

/* ---- the loop ---- */

/* What was not asked for stays in its pipe, but for the last page: only behind it is the end. */
static gboolean
is_wanted(const PstExecJobWork *work, const PstExecStreamBuffer *stream)
{
    return pst_exec_stream_has_room(stream, PST_EXEC_JOB_PAGE) &&
           (work->job->start->detach || work->state != PST_EXEC_RUNNING ||
            pst_exec_job_is_awaited(work));
}

static int
time_left(const PstExecJobWork *work)
{
    gint64 now_us = g_get_monotonic_time(), until_us = work->deadline_us;

    if (work->killed_us > 0 || pst_exec_job_has_ended(work))
        return KILL_AGAIN_MS;
    if (pst_exec_input_differs(work->input))
        return 0;
    if (!work->is_listed)
        until_us = MIN(until_us, work->begun_us + LISTED_US);
    if (!work->job->start->detach)
        until_us = MIN(until_us, work->contact_us + ABANDONED_US);
    for (guint i = 0; i < work->visitors->len; i++) {
        const PstExecJobVisitor *visitor = work->visitors->pdata[i];
        if (visitor->asked)
            until_us = MIN(until_us, visitor->until_us);
    }
    return (int)CLAMP((until_us - now_us + 999) / 1000, 0, G_MAXINT);
}

enum {
    AT_SIGNALS,
    AT_LISTENER,
    AT_INPUT,
    AT_STREAMS,
    AT_VISITORS = AT_STREAMS + PST_EXEC_N_STREAMS
};

/* Waits for anything to happen, and does what follows from it. */
static void
turn(PstExecJobWork *work)
{
    struct pollfd fds[AT_VISITORS + PST_EXEC_JOB_VISITORS] = {
        [AT_SIGNALS] = {work->signals, POLLIN, 0},
        [AT_LISTENER] = {work->visitors->len < PST_EXEC_JOB_VISITORS ? work->job->listener : -1,
                         POLLIN, 0},
        [AT_INPUT] = {pst_exec_input_fd(work->input), POLLOUT, 0},
    };

    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        fds[AT_STREAMS + i] = (struct pollfd){
            is_wanted(work, work->stream[i]) ? pst_exec_stream_fd(work->stream[i]) : -1, POLLIN, 0};
    for (guint i = 0; i < work->visitors->len; i++) {
        const PstExecPeer *peer = ((PstExecJobVisitor *)work->visitors->pdata[i])->peer;
        fds[AT_VISITORS + i] = (struct pollfd){
            pst_exec_peer_fd(peer), pst_exec_peer_is_writing(peer) ? POLLOUT : POLLIN, 0};
    }
    if (poll(fds, AT_VISITORS + work->visitors->len, time_left(work)) < 0)
        return;
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        if (fds[AT_STREAMS + i].revents != 0)
            pst_exec_stream_read(work->stream[i], PST_EXEC_JOB_PAGE);
    if (fds[AT_INPUT].revents != 0)
        pst_exec_input_write(work->input);
    if (fds[AT_SIGNALS].revents != 0)
        reap(work);
    pst_exec_job_serve(work, fds + AT_VISITORS);
    if (fds[AT_LISTENER].revents != 0)
        pst_exec_job_accept(work);
    watch_time(work);
}

/* ---- from its beginning to its end ---- */

/* What a detached command wrote last: its end tells only how much that was in all. */
static void
store_streams(const PstExecJobWork *work, PstExecAsk *from)
{
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++) {
        gsize len = 0;
        const guint8 *data = pst_exec_stream_held(work->stream[i], &len);
        gsize kept = MIN(len, PST_EXEC_STREAM_KEPT);

        from->from[i] += (gint64)len;
        if (kept > 0)
            pst_exec_store_write(work->job->store, work->job->start->id, pst_exec_stream_names[i],
                                 (const char *)data + len - kept, kept);
    }
}

/* What can still be asked for when this process is gone: the last page, and how it ended. */
static void
store_end(const PstExecJobWork *work)
{
    PstExecAsk rest = {.from = {pst_exec_stream_at(work->stream[PST_EXEC_OUT]),
                                pst_exec_stream_at(work->stream[PST_EXEC_ERR])}};

    if (work->job->start->detach)
        store_streams(work, &rest);
    g_autoptr(PstExecPage) page = pst_exec_job_page(work, &rest);
    g_autoptr(JsonObject) result = pst_exec_page_result(page);
    gsize len = 0;
    g_autofree char *text = pst_json_to_text(result, &len);

    pst_exec_store_write(work->job->store, work->job->start->id, "end", text, len);
}

/* For exec.list; BEGUN_US is a time for people. */
static void
store_meta(const PstExecJob *job, gint64 begun_us)
{
    g_autoptr(JsonObject) meta = json_object_new();
    g_autofree char *words = pst_exec_words_text(job->start->argv, MAX_WORDS);
    gsize len = 0;

    pst_json_set_string(meta, "id", job->start->id);
    pst_json_set_string(meta, "command", words);
    pst_json_set_string(meta, "user", job->start->user != NULL ? job->start->user : "root");
    pst_json_set_string(meta, "caller", job->start->caller);
    json_object_set_boolean_member(meta, "detached", job->start->detach);
    json_object_set_int_member(meta, "begun_us", begun_us);
    g_autofree char *text = pst_json_to_text(meta, &len);
    pst_exec_store_write(job->store, job->start->id, "meta", text, len);
}

static void
list(PstExecJobWork *work)
{
    if (!work->is_listed)
        store_meta(work->job, work->realtime_us);
    work->is_listed = TRUE;
}

static char *
end_in_words(const PstExecJobWork *work)
{
    const char *why = work->why != NULL ? work->why : "";

    if (work->state == PST_EXEC_FAILED)
        return g_strdup_printf("could not be started: %s", work->failure);
    if (work->state == PST_EXEC_KILLED)
        return g_strdup_printf("ended by signal %d%s%s", work->signal, *why != '\0' ? ", " : "",
                               why);
    return g_strdup_printf("exited with %d%s%s", work->status, *why != '\0' ? ", " : "", why);
}

/* Nothing that is still to be fetched is in a pipe: the end holds all of it. */
static void
finish(PstExecJobWork *work)
{
    g_autofree char *words = end_in_words(work);
    gint64 until_us = g_get_monotonic_time() + KILLED_US;

    /* Whoever waits has waited long enough; who comes now, or lost that answer, is still served. */
    pst_exec_job_settle(work);
    list(work);
    store_end(work);
    pst_exec_store_end(work->job->store, work->job->start->id);
    pst_exec_audit_write(work->job->sysroot, work->job->start, words);
    /* Whoever has come while it ended has an answer to come. */
    pst_exec_job_accept(work);
    while (work->visitors->len > 0 && g_get_monotonic_time() < until_us) {
        turn(work);
        pst_exec_job_settle(work);
    }
}

static gboolean
watch_children(PstExecJobWork *work)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    work->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return work->signals >= 0;
}

/* The first answer tells how it went, where it goes quickly, and not just that it began. */
static gboolean
is_first_wait_over(const PstExecJobWork *work)
{
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        if (!pst_exec_stream_has_room(work->stream[i], PST_EXEC_JOB_PAGE))
            return TRUE;
    return g_get_monotonic_time() >= work->begun_us + work->job->start->wait_ms * 1000;
}

/* Whoever is told that it runs finds it in a list. */
static void
tell_running(PstExecJobWork *work)
{
    gboolean over = is_first_wait_over(work);

    if (over || g_get_monotonic_time() >= work->begun_us + LISTED_US)
        list(work);
    if (over)
        pst_exec_job_settle(work);
}

static void
work_on(PstExecJobWork *work)
{
    const PstExecJob *job = work->job;

    work->realtime_us = g_get_real_time();
    work->begun_us = work->contact_us = g_get_monotonic_time();
    work->deadline_us = work->begun_us + job->start->timeout_ms * 1000;
    work->pid = work->child.pid;
    work->input =
        pst_exec_input_new(work->child.in, job->start->input_bytes, job->start->input_sha256);
    work->child.in = -1;
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++) {
        work->stream[i] = pst_exec_stream_new(work->child.out[i], job->start->detach);
        work->child.out[i] = -1;
    }
    pst_exec_job_admit(work);
    while (!pst_exec_job_has_ended(work)) {
        turn(work);
        if (!pst_exec_job_has_ended(work))
            tell_running(work);
    }
    finish(work);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        pst_exec_stream_free(work->stream[i]);
    pst_exec_input_free(work->input);
}

/* Nothing was started. */
static void
tell_failure(const PstExecJob *job, PstExecFailure *failure)
{
    g_autoptr(PstExecPage) page = g_new0(PstExecPage, 1);
    g_autofree char *what = g_strdup_printf("could not be started: %s", failure->why);

    g_strlcpy(page->id, job->start->id, sizeof(page->id));
    page->state = PST_EXEC_FAILED;
    page->status = failure->status;
    page->why = pst_json_clean(failure->why);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        page->piece[i].end = TRUE;
    g_autoptr(JsonObject) result = pst_exec_page_result(page);
    gsize len = 0;
    g_autofree char *text = pst_json_to_text(result, &len);
    /* It takes the room of others, and whoever counts these has to see it. */
    store_meta(job, g_get_real_time());
    pst_exec_store_write(job->store, job->start->id, "end", text, len);
    pst_exec_store_end(job->store, job->start->id);
    pst_exec_audit_write(job->sysroot, job->start, what);
    pst_exec_job_answer(job->asker, &job->id, result);
    pst_exec_store_tell(job->store, job->start->id);
    pst_exec_peer_free(job->asker);
}

static void
tell_refusal(const PstExecJob *job, const GError *error)
{
    g_autofree char *what = g_strdup_printf("was refused: %s", error->message);

    pst_exec_store_forget(job->store, job->start->id);
    pst_exec_audit_write(job->sysroot, job->start, what);
    pst_exec_job_answer_error(job->asker, &job->id, error);
    pst_exec_peer_free(job->asker);
}

static PstExecTarget *
find_target(const PstExecJob *job, PstExecFailure *failure, GError **error)
{
    g_autoptr(PstConfig) config = pst_config_read(job->sysroot);
    g_autoptr(PstExecPolicy) policy = pst_exec_policy_read(config);

    return pst_exec_policy_check(policy, job->by_agent, error)
               ? pst_exec_target_find(job->sysroot, policy, job->start, failure, error)
               : NULL;
}

/* The look-ups may have taken long. */
static gboolean
is_late(const PstExecJob *job, GError **error)
{
    if (!pst_exec_child_is_late(job->start))
        return FALSE;
    g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                "the command was not started: the deadline for that had passed");
    return TRUE;
}

gboolean
pst_exec_job_run(const PstExecJob *job)
{
    PstExecJobWork work = {.job = job, .state = PST_EXEC_RUNNING, .signals = -1};
    PstExecFailure failure = {125, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(PstExecTarget) target = find_target(job, &failure, &error);

    if (error != NULL || (target != NULL && is_late(job, &error))) {
        tell_refusal(job, error);
    } else if (target == NULL || !watch_children(&work)) {
        if (failure.why == NULL)
            failure.why = g_strdup_printf("signalfd: %s", g_strerror(errno));
        tell_failure(job, &failure);
    } else {
        pst_exec_audit_write(job->sysroot, job->start, "begins");
        work.visitors = g_ptr_array_new_with_free_func(pst_exec_job_free_visitor);
        work.target = target;
        if (pst_exec_child_start(target, job->start, &work.child, &failure))
            work_on(&work);
        else
            tell_failure(job, &failure);
        g_ptr_array_unref(work.visitors);
        pst_exec_child_clear(&work.child);
        g_free(work.failure);
    }
    pst_loop_handles_close(&work.signals);
    g_free(failure.why);
    return error == NULL;
}
