// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-call.h"

#include "host-sidecar/channel-keep.h"
#include "host-sidecar/guest-channel.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* What is left when the guest refuses to start it any more: its word on that still arrives. */
#define MARGIN_US (150 * G_GINT64_CONSTANT(1000))
/* An answer that was lost is asked for again after so long, and then after twice as long each time:
 * it may be that the guest has no time. */
#define PATIENCE_US (3 * (gint64)G_USEC_PER_SEC)
#define MAX_DOUBLINGS 4
#define PAUSE_US (100 * G_GINT64_CONSTANT(1000))

/* A request, as often as it has to be sent. */
typedef struct {
    PstGuest *guest;
    const char *method;
    JsonObject *params;  /* NULL: made of START by the first hello */
    PstExecStart *start; /* NULL: it is no start */
    gint64 deadline_us;
    gint64 wait_ms; /* how long the answer may wait in the guest */
    guint n_sent;
    gboolean refused; /* the guest's last word was that nothing came of it */
} Call;

/* Calls that are under way in this process. A guest's channel has one conversation at a time: where
 * many want it, each waits the less in it. */
static gint n_calls;

static gint64
fair_wait_ms(const Call *call)
{
    return MIN(call->wait_ms, PST_EXEC_CALL_WAIT_MS / MAX(1, g_atomic_int_get(&n_calls)));
}

static gboolean
offers(const PstHello *hello, const char *method, GError **error)
{
    if (hello->capabilities != NULL &&
        g_strv_contains((const char *const *)hello->capabilities, method))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "the guest has no service that runs commands: postern-exec.socket of its "
                "postern-shim package would be it");
    return FALSE;
}

/* The boot in which it is to be started, and until when, are those of the first attempt. */
static void
complete(Call *call, PstChannel *channel)
{
    PstExecStart *start = call->start;

    if (call->params != NULL)
        return;
    if (start->boot_id == NULL && *pst_channel_hello(channel)->boot_id != '\0')
        start->boot_id = g_strdup(pst_channel_hello(channel)->boot_id);
    start->not_after_us = pst_channel_guest_time_us(channel, call->deadline_us - MARGIN_US);
    call->params = pst_exec_start_params(start);
}

/* Errors that say for certain that nothing came of the request. */
static gboolean
is_certain(const GError *error)
{
    return !g_error_matches(error, PST_ERROR, PST_ERROR_INTERNAL) &&
           !g_error_matches(error, PST_ERROR, PST_ERROR_PROTOCOL) &&
           !g_error_matches(error, PST_ERROR, PST_ERROR_INVALID_REQUEST);
}

/* What was sent to a shim that is gone by now is sent again, to the next one. */
static PstChannel *
open_channel(const Call *call, PstChannelLoan *loan, GError **error)
{
    PstChannel *channel = call->n_sent == 0 ? pst_channel_keep_recent(loan) : NULL;

    return channel != NULL ? channel : pst_channel_keep_open(loan, call->deadline_us, error);
}

/* One attempt. NULL with *AGAIN set where another may help. */
static JsonObject *
attempt(Call *call, gboolean *again, GError **error)
{
    const PstCarrierEnd end = pst_guest_channel_end(call->guest);
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&end, call->deadline_us, error);
    PstChannel *channel = loan != NULL ? open_channel(call, loan, error) : NULL;
    g_autoptr(PstMessage) answer = NULL;

    if (channel == NULL) {
        *again = call->n_sent > 0;
        return NULL;
    }
    pst_guest_note_greeting(call->guest, pst_channel_hello(channel));
    if (!offers(pst_channel_hello(channel), call->method, error)) {
        *again = call->n_sent > 0;
        return NULL;
    }
    complete(call, channel);
    if (call->wait_ms > 0)
        json_object_set_int_member(call->params, "wait_ms", fair_wait_ms(call));
    gint64 patience_us = PATIENCE_US << MIN(call->n_sent, MAX_DOUBLINGS);
    gint64 until_us = MIN(call->deadline_us, g_get_monotonic_time() + patience_us);
    gint64 number = pst_channel_request(channel, call->method, call->params, error);
    call->n_sent++;
    *again = TRUE;
    if (number < 0 || pst_channel_wait(channel, &number, 1, until_us, &answer, error) < 0)
        return NULL;
    pst_channel_keep_settle(loan);
    if (answer->type == PST_MESSAGE_RESULT)
        return json_object_ref(answer->result);
    /* A shim that was started since knows no session. */
    *again = !is_certain(answer->error);
    call->refused = !*again;
    g_propagate_error(error, g_error_copy(answer->error));
    return NULL;
}

static JsonObject *
ask_on(Call *call, GError **error)
{
    g_autoptr(GError) cause = NULL;

    for (;;) {
        gboolean again = FALSE;
        g_clear_error(&cause);
        JsonObject *result = attempt(call, &again, &cause);

        if (result != NULL)
            return result;
        if (!again || g_get_monotonic_time() + PAUSE_US >= call->deadline_us)
            break;
        g_usleep((gulong)PAUSE_US);
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static JsonObject *
ask(Call *call, GError **error)
{
    g_atomic_int_inc(&n_calls);
    JsonObject *result = ask_on(call, error);
    g_atomic_int_dec_and_test(&n_calls);
    return result;
}

PstExecPage *
pst_exec_call_read(JsonObject *result, const char *id, GError **error)
{
    g_autoptr(PstExecPage) page = pst_exec_page_read(result, error);

    if (page != NULL && g_str_equal(page->id, id))
        return g_steal_pointer(&page);
    g_clear_error(error);
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                "the guest's answer about the command makes no sense");
    return NULL;
}

PstExecPage *
pst_exec_call_start(PstGuest *guest, PstExecStart *start, gint64 deadline_us, gboolean *maybe,
                    GError **error)
{
    Call call = {guest, PST_EXEC_START, NULL, start, deadline_us, start->wait_ms, 0, FALSE};
    g_autoptr(GError) cause = NULL;
    g_autoptr(JsonObject) result = ask(&call, &cause);
    PstExecPage *page = result != NULL ? pst_exec_call_read(result, start->id, &cause) : NULL;

    g_clear_pointer(&call.params, json_object_unref);
    /* What became of a second attempt tells nothing of the first: the guest may have been booted in
     * between. */
    *maybe = page == NULL && call.n_sent > 0 && !(call.refused && call.n_sent == 1);
    if (page == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return page;
}

PstExecPage *
pst_exec_call_page(PstGuest *guest, const PstExecAsk *wish, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) params = pst_exec_ask_params(wish);
    Call call = {guest, PST_EXEC_PAGE, params, NULL, deadline_us, wish->wait_ms, 0, FALSE};
    g_autoptr(JsonObject) result = ask(&call, error);

    return result != NULL ? pst_exec_call_read(result, wish->id, error) : NULL;
}

JsonObject *
pst_exec_call_signal(PstGuest *guest, const PstExecSignal *wish, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) params = pst_exec_signal_params(wish);
    Call call = {guest, PST_EXEC_SIGNAL, params, NULL, deadline_us, 0, 0, FALSE};

    return ask(&call, error);
}

JsonObject *
pst_exec_call_list(PstGuest *guest, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) params = json_object_new();
    Call call = {guest, PST_EXEC_LIST, params, NULL, deadline_us, 0, 0, FALSE};

    return ask(&call, error);
}
