// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who asks about a command, and what is answered. */
#include <signal.h>
#include <sys/socket.h>

#include "guest-shim/exec-job-parts.h"
#include "protocol/json.h"

/* A caller that is there asks at least every 20 s, also where its own output is held up. */
#define GONE_S 25

void
pst_exec_job_free_visitor(gpointer data)
{
    PstExecJobVisitor *visitor = data;

    pst_exec_peer_free(visitor->peer);
    pst_exec_ask_clear(&visitor->ask);
    g_free(visitor);
}

void
pst_exec_job_kill(PstExecJobWork *work, const char *why)
{
    if (work->killed_us == 0) {
        work->killed_us = g_get_monotonic_time();
        work->why = why;
    }
    pst_exec_child_kill(&work->child);
}

gboolean
pst_exec_job_has_ended(const PstExecJobWork *work)
{
    if (work->state == PST_EXEC_RUNNING || !pst_exec_stream_ended(work->stream[PST_EXEC_OUT]) ||
        !pst_exec_stream_ended(work->stream[PST_EXEC_ERR]))
        return FALSE;
    /* Where there is no control group, what hides behind a parent is a child here only when that
     * one is dead. */
    return work->killed_us == 0 || work->is_given_up || !pst_exec_child_is_any();
}

/* ---- what is answered ---- */

PstExecPage *
pst_exec_job_page(const PstExecJobWork *work, const PstExecAsk *ask)
{
    PstExecPage *page = g_new0(PstExecPage, 1);
    gint64 until_us = work->ended_us > 0 ? work->ended_us : g_get_monotonic_time();

    g_strlcpy(page->id, work->job->start->id, sizeof(page->id));
    page->state = pst_exec_job_has_ended(work) ? work->state : PST_EXEC_RUNNING;
    page->pid = work->pid;
    page->status = work->status;
    page->signal = work->signal;
    if (page->state != PST_EXEC_RUNNING)
        page->why = g_strdup(work->failure != NULL ? work->failure : work->why);
    page->took_ms = (until_us - work->begun_us) / 1000;
    page->input = pst_exec_input_taken(work->input);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        pst_exec_stream_page(work->stream[i], ask->from[i], PST_EXEC_JOB_PAGE, &page->piece[i]);
    return page;
}

void
pst_exec_job_answer(PstExecPeer *peer, const PstMessageId *id, JsonObject *result)
{
    g_autofree char *text = pst_message_result(id, result);

    pst_exec_peer_answer(peer, text);
}

void
pst_exec_job_answer_error(PstExecPeer *peer, const PstMessageId *id, const GError *error)
{
    g_autofree char *text = pst_message_error(id, error);

    pst_exec_peer_answer(peer, text);
}

static void
answer_page(const PstExecJobWork *work, PstExecJobVisitor *visitor)
{
    g_autoptr(PstExecPage) page = pst_exec_job_page(work, &visitor->ask);
    g_autoptr(JsonObject) result = pst_exec_page_result(page);

    visitor->asked = FALSE;
    pst_exec_job_answer(visitor->peer, &visitor->id, result);
    if (pst_exec_page_is_last(page))
        pst_exec_store_tell(work->job->store, work->job->start->id);
}

/* Whether there is something that it does not know yet. */
static gboolean
is_news(const PstExecJobWork *work, const PstExecJobVisitor *visitor)
{
    if (pst_exec_job_has_ended(work))
        return TRUE;
    if (visitor->ask.input.data != NULL || visitor->ask.input.end)
        return pst_exec_input_has(work->input, &visitor->ask.input);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        if (pst_exec_stream_has(work->stream[i], visitor->ask.from[i]))
            return TRUE;
    return FALSE;
}

/* FALSE where it was answered with an error. */
static gboolean
take_input(PstExecJobWork *work, PstExecJobVisitor *visitor)
{
    g_autoptr(GError) error = NULL;

    if (visitor->ask.input.data == NULL && !visitor->ask.input.end)
        return TRUE;
    if (!work->job->start->has_input)
        g_set_error(&error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "it was started without an input: it can't be fed");
    else if (pst_exec_input_take(work->input, &visitor->ask.input, &error))
        return TRUE;
    visitor->asked = FALSE;
    pst_exec_job_answer_error(visitor->peer, &visitor->id, error);
    return FALSE;
}

void
pst_exec_job_settle(PstExecJobWork *work)
{
    gint64 now_us = g_get_monotonic_time();

    for (guint i = 0; i < work->visitors->len; i++) {
        PstExecJobVisitor *visitor = work->visitors->pdata[i];

        if (visitor->asked && take_input(work, visitor) &&
            (is_news(work, visitor) || now_us >= visitor->until_us))
            answer_page(work, visitor);
    }
}

/* What was not detached has one reader: another only where that one is gone. */
static gboolean
may_join(const PstExecJobWork *work, GError **error)
{
    if (work->job->start->detach || pst_exec_job_has_ended(work) ||
        g_get_monotonic_time() >= work->contact_us + GONE_S * (gint64)G_USEC_PER_SEC)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "its output is its caller's: another has it when nobody has asked for %d s",
                GONE_S);
    return FALSE;
}

static void
join(PstExecJobWork *work, PstExecAsk *ask)
{
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        ask->from[i] = MAX(ask->from[i], pst_exec_stream_at(work->stream[i]));
}

static void
begin_page(PstExecJobWork *work, PstExecJobVisitor *visitor, JsonObject *params)
{
    g_autoptr(GError) error = NULL;

    if (!pst_exec_ask_read(params, &visitor->ask, &error) ||
        (visitor->ask.joins && !may_join(work, &error))) {
        pst_exec_job_answer_error(visitor->peer, &visitor->id, error);
        return;
    }
    if (visitor->ask.joins)
        join(work, &visitor->ask);
    work->contact_us = g_get_monotonic_time();
    /* What has arrived is not needed again. */
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        if (!pst_exec_stream_drop(work->stream[i], visitor->ask.from[i], &error)) {
            pst_exec_job_answer_error(visitor->peer, &visitor->id, error);
            return;
        }
    visitor->until_us = g_get_monotonic_time() + visitor->ask.wait_ms * 1000;
    visitor->asked = TRUE;
}

static void
send_signal(PstExecJobWork *work, PstExecJobVisitor *visitor, JsonObject *params)
{
    g_autoptr(JsonObject) result = json_object_new();
    g_autoptr(GError) error = NULL;
    PstExecSignal wish;

    if (!pst_exec_signal_read(params, &wish, &error)) {
        pst_exec_job_answer_error(visitor->peer, &visitor->id, error);
        return;
    }
    gboolean sent = work->child.pid > 0 && kill(-work->child.pid, wish.signal) == 0;
    if (wish.signal == SIGKILL && !pst_exec_job_has_ended(work)) {
        pst_exec_job_kill(work, NULL);
        sent = TRUE;
    }
    json_object_set_boolean_member(result, "sent", sent);
    pst_exec_job_answer(visitor->peer, &visitor->id, result);
}

static void
take_request(PstExecJobWork *work, PstExecJobVisitor *visitor, const PstMessage *message)
{
    visitor->id = message->id;
    if (g_str_equal(message->method, PST_EXEC_PAGE)) {
        begin_page(work, visitor, message->params);
    } else if (g_str_equal(message->method, PST_EXEC_SIGNAL)) {
        send_signal(work, visitor, message->params);
    } else {
        g_autoptr(GError) error =
            g_error_new(PST_ERROR, PST_ERROR_UNKNOWN_METHOD, "a command can't be asked for this");
        pst_exec_job_answer_error(visitor->peer, &visitor->id, error);
    }
}

void
pst_exec_job_accept(PstExecJobWork *work)
{
    int fd;

    while (work->visitors->len < PST_EXEC_JOB_VISITORS &&
           (fd = accept4(work->job->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        PstExecJobVisitor *visitor = g_new0(PstExecJobVisitor, 1);
        visitor->peer = pst_exec_peer_new(fd);
        g_ptr_array_add(work->visitors, visitor);
    }
}

/* FALSE where it has gone, or has its answer. */
static gboolean
serve_visitor(PstExecJobWork *work, PstExecJobVisitor *visitor, short events)
{
    g_autoptr(PstMessage) message = NULL;

    if (events != 0 && pst_exec_peer_is_writing(visitor->peer)) {
        if (!pst_exec_peer_write(visitor->peer))
            return FALSE;
    } else if (events != 0) {
        if (!pst_exec_peer_read(visitor->peer, &message))
            return FALSE;
        if (message != NULL)
            take_request(work, visitor, message);
    }
    return !pst_exec_peer_is_done(visitor->peer);
}

void
pst_exec_job_serve(PstExecJobWork *work, const struct pollfd *fds)
{
    guint n = work->visitors->len;

    for (guint i = n; i > 0; i--)
        if (!serve_visitor(work, work->visitors->pdata[i - 1], fds[i - 1].revents))
            g_ptr_array_remove_index(work->visitors, i - 1);
}

gboolean
pst_exec_job_is_awaited(const PstExecJobWork *work)
{
    for (guint i = 0; i < work->visitors->len; i++)
        if (((PstExecJobVisitor *)work->visitors->pdata[i])->asked)
            return TRUE;
    return FALSE;
}

/* The request's own answer waits for the end as any other. */
void
pst_exec_job_admit(PstExecJobWork *work)
{
    const PstExecJob *job = work->job;
    PstExecJobVisitor *visitor = g_new0(PstExecJobVisitor, 1);

    visitor->peer = job->asker;
    visitor->id = job->id;
    visitor->asked = TRUE;
    visitor->until_us = work->begun_us + job->start->wait_ms * 1000;
    g_strlcpy(visitor->ask.id, job->start->id, sizeof(visitor->ask.id));
    g_ptr_array_add(work->visitors, visitor);
    /* The first piece always fits, and is at the beginning. */
    pst_exec_input_take(work->input, &job->start->input, NULL);
}
