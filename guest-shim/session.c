// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/session.h"

#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/dispatcher.h"
#include "guest-shim/exec-relay.h"
#include "guest-shim/probe.h"
#include "guest-shim/subscription.h"
#include "protocol/exec.h"
#include "protocol/frame.h"
#include "protocol/hello.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* What may wait for a host that asks and does not read: every answer that can be in flight, and an
 * event. */
#define MAX_QUEUED ((PST_LIMIT_IN_FLIGHT + 1) * PST_LIMIT_FRAME_FROM_GUEST + PST_LIMIT_EVENT)
/* An idle session keeps no larger buffer than this. */
#define KEPT_BYTES 4096

struct PstSession {
    PstSessionMode mode;
    PstSessionReady ready;
    gpointer user_data;
    PstFrameReader *reader;
    PstDispatcher *dispatcher;
    PstRecorder *recorder; /* NULL: none */
    PstSubscription *subscription;
    gboolean events_held;
    gboolean runs_commands; /* the guest has the service for it, as of the last hello */
    const PstSysroot *sysroot;
    char current[PST_SESSION_DIGITS + 1]; /* "" before the first hello */
    char *boot_id;
    char *machine_id;
    GByteArray *output;
    gsize output_at; /* how much of it is written */
    gsize output_limit;
    gsize output_total;
};

static void
clear_output(PstSession *session)
{
    session->output_at = 0;
    if (session->output->len > KEPT_BYTES) {
        g_byte_array_unref(session->output);
        session->output = g_byte_array_new();
    }
    g_byte_array_set_size(session->output, 0);
}

static void
send_text(PstSession *session, const char *text)
{
    gboolean was_empty = session->output_at == session->output->len;
    gsize len = strlen(text);

    if (session->output->len - session->output_at + len > MAX_QUEUED)
        return;
    session->output_total += len + 2;
    pst_frame_append(session->output, text, len);
    if (was_empty)
        session->ready(session->user_data);
}

static void
send_error(PstSession *session, const PstMessageId *id, const GError *error)
{
    g_autofree char *text = pst_message_error(id, error);

    send_text(session, text);
}

/* Room is kept for saying that an answer did not fit. */
#define ROOM_FOR_ERRORS (PST_LIMIT_IN_FLIGHT * 512)

static void
on_reply(const char *text, gpointer user_data)
{
    PstSession *session = user_data;

    if (session->output_total + strlen(text) + ROOM_FOR_ERRORS <= session->output_limit) {
        send_text(session, text);
        return;
    }

    g_autoptr(JsonObject) json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);
    g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, NULL) : NULL;
    g_autoptr(GError) error =
        g_error_new(PST_ERROR, PST_ERROR_TOO_LARGE,
                    "the answer does not fit into what was allowed for all of them");
    if (message != NULL)
        send_error(session, &message->id, error);
}

PstSession *
pst_session_new(const PstSysroot *sysroot, PstSessionMode mode, PstSessionReady ready,
                gpointer user_data)
{
    PstSession *session = g_new0(PstSession, 1);

    session->mode = mode;
    session->sysroot = sysroot;
    session->ready = ready;
    session->user_data = user_data;
    session->reader = pst_frame_reader_new(&pst_validate_from_host);
    session->dispatcher = pst_dispatcher_new(sysroot, on_reply, session);
    session->subscription = pst_subscription_new();
    session->output = g_byte_array_new();
    session->output_limit = G_MAXSIZE;
    session->boot_id = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/random/boot_id", NULL);
    session->machine_id = pst_sysroot_read_line(sysroot, "/etc/machine-id", NULL);
    return session;
}

void
pst_session_free(PstSession *session)
{
    if (session->recorder != NULL)
        pst_recorder_listen(session->recorder, NULL, NULL);
    pst_subscription_free(session->subscription);
    pst_dispatcher_free(session->dispatcher);
    pst_frame_reader_free(session->reader);
    g_byte_array_unref(session->output);
    g_free(session->boot_id);
    g_free(session->machine_id);
    g_free(session);
}

void
pst_session_set_recorder(PstSession *session, PstRecorder *recorder)
{
    session->recorder = recorder;
}

void
pst_session_set_output_limit(PstSession *session, gsize bytes)
{
    session->output_limit = bytes;
}

static gboolean
has_output(const PstSession *session)
{
    return session->output->len > session->output_at;
}

/* Events go behind all else and one at a time, so that no answer ever waits for more than one. */
static void
send_events(PstSession *session)
{
    char *text;

    while (!session->events_held && !has_output(session) &&
           (text = pst_subscription_next(session->subscription)) != NULL) {
        send_text(session, text);
        g_free(text);
    }
}

static void
on_event(PstEventKind kind, JsonObject *body, gpointer user_data)
{
    PstSession *session = user_data;

    pst_subscription_add(session->subscription, kind, body, g_get_real_time(), pst_boot_clock_us());
    send_events(session);
}

static void
follow_events(PstSession *session)
{
    gboolean wanted = pst_subscription_kinds(session->subscription) != 0;

    if (session->recorder != NULL)
        pst_recorder_listen(session->recorder, wanted ? on_event : NULL, session);
}

/* By its clock of the boot one that was told before is known again, however often it is told. */
static void
tell_start(PstSession *session)
{
    g_autoptr(JsonObject) body = json_object_new();
    gint64 begun_us = pst_recorder_begun_us(session->recorder);
    gint64 ago_us = pst_boot_clock_us() - begun_us;

    json_object_set_string_member(body, "event", pst_record_event_names[PST_EVENT_SHIM_STARTED]);
    json_object_set_string_member(body, "message", "the shim " PST_VERSION " was started");
    pst_subscription_add(session->subscription, PST_EVENT_SHIM_STARTED, body,
                         g_get_real_time() - ago_us, begun_us);
    send_events(session);
}

static void
take_subscribe(PstSession *session, PstMessage *message)
{
    guint32 before = pst_subscription_kinds(session->subscription), kinds = 0;
    g_autoptr(GError) error = NULL;

    if (!pst_event_read_subscribe(message->params, &kinds, &error)) {
        send_error(session, &message->id, error);
        return;
    }
    /* What happens once it is answered is told, and nothing is told before that. */
    session->events_held = TRUE;
    pst_subscription_set(session->subscription, &message->id, kinds);
    gint64 seq = pst_subscription_seq(session->subscription);
    follow_events(session);
    session->events_held = FALSE;

    g_autoptr(JsonObject) result = json_object_new();
    json_object_set_int_member(result, "seq", seq);
    g_autofree char *text = pst_message_result(&message->id, result);
    send_text(session, text);
    if ((kinds & ~before & PST_EVENT_BIT(PST_EVENT_SHIM_STARTED)) != 0)
        tell_start(session);
    send_events(session);
}

/* Of commands, where the guest has a service that runs them. */
static const char *const exec_methods[] = {PST_EXEC_START, PST_EXEC_PAGE, PST_EXEC_SIGNAL,
                                           PST_EXEC_LIST};

/* The methods that it knows; free with g_free(). */
static const char **
capabilities(const PstSession *session)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; pst_dispatcher_methods[i] != NULL; i++)
        if (session->recorder != NULL ||
            !g_str_equal(pst_dispatcher_methods[i], PST_DISPATCHER_SUBSCRIBE))
            g_ptr_array_add(names, (gpointer)pst_dispatcher_methods[i]);
    for (guint i = 0; session->runs_commands && i < G_N_ELEMENTS(exec_methods); i++)
        g_ptr_array_add(names, (gpointer)exec_methods[i]);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

static void
answer_hello(PstSession *session, const PstMessageId *id, gboolean resumed)
{
    session->runs_commands = pst_exec_relay_is_there(session->sysroot);
    g_autofree const char **methods = capabilities(session);
    PstHello hello = {
        .protocol = PST_HELLO_PROTOCOL,
        .shim = (char *)PST_VERSION,
        .boot_id = session->boot_id != NULL ? session->boot_id : (char *)"",
        .machine_id = session->machine_id != NULL ? session->machine_id : (char *)"",
        .boottime_us = pst_boot_clock_us(),
        .realtime_us = g_get_real_time(),
        .capabilities = (char **)methods,
        .recorder = session->recorder != NULL ? pst_recorder_state(session->recorder) : NULL,
        .resumed = resumed ? PST_TRI_YES : PST_TRI_UNKNOWN,
    };
    g_autoptr(JsonObject) result = pst_hello_answer(&hello);
    g_autofree char *text = pst_message_result(id, result);

    send_text(session, text);
    if (hello.recorder != NULL)
        pst_fields_free(&pst_hello_recorder_fields, hello.recorder);
}

/* Ends whatever an earlier session had in flight, and what of it was not written yet. */
static void
begin(PstSession *session, const char *name)
{
    pst_dispatcher_clear(session->dispatcher);
    pst_subscription_reset(session->subscription);
    follow_events(session);
    clear_output(session);
    g_strlcpy(session->current, name, sizeof(session->current));
}

static void
take_hello(PstSession *session, PstMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHelloParams) params = pst_hello_read_request(message->params, &error);

    if (params != NULL && !g_str_equal(params->session, message->id.session))
        g_set_error(&error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "'session' is not the one in 'id'");
    if (params == NULL || error != NULL) {
        send_error(session, &message->id, error);
        return;
    }
    gboolean resumed = g_str_equal(params->session, session->current);
    if (!resumed)
        begin(session, params->session);
    if (session->recorder != NULL) {
        if (params->domain != NULL)
            pst_recorder_set_domain(session->recorder, params->domain);
        pst_recorder_find_port(session->recorder);
    }
    answer_hello(session, &message->id, resumed);
}

static void
take_message(PstSession *session, PstMessage *message)
{
    if (message->type == PST_MESSAGE_REQUEST && g_str_equal(message->method, "hello")) {
        take_hello(session, message);
        return;
    }
    if (message->type != PST_MESSAGE_REQUEST && message->type != PST_MESSAGE_NOTIFICATION)
        return;
    if (session->current[0] == '\0' && session->mode == PST_SESSION_ONE_SHOT &&
        message->type == PST_MESSAGE_REQUEST)
        begin(session, message->id.session);
    if (session->current[0] == '\0') {
        g_autoptr(GError) error =
            g_error_new(PST_ERROR, PST_ERROR_INVALID_REQUEST, "say hello first");
        if (message->type == PST_MESSAGE_REQUEST)
            send_error(session, &message->id, error);
        return;
    }
    if (message->type == PST_MESSAGE_REQUEST && !g_str_equal(message->id.session, session->current))
        return;
    if (session->recorder != NULL && message->type == PST_MESSAGE_REQUEST &&
        g_str_equal(message->method, PST_DISPATCHER_SUBSCRIBE))
        take_subscribe(session, message);
    else
        pst_dispatcher_take(session->dispatcher, message);
}

static void
take_text(PstSession *session, const char *text, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, &error);
    g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, &error) : NULL;

    if (message != NULL)
        take_message(session, message);
    else
        send_error(session, NULL, error);
}

void
pst_session_feed(PstSession *session, const guint8 *data, gsize len)
{
    while (len > 0) {
        const char *text;
        gsize text_len;
        gsize n = pst_frame_reader_take(session->reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        if (text != NULL)
            take_text(session, text, text_len);
    }
}

void
pst_session_run(PstSession *session)
{
    pst_dispatcher_run(session->dispatcher);
}

void
pst_session_abandon(PstSession *session)
{
    const PstMessageId nobody = {.number = 0};

    pst_dispatcher_clear(session->dispatcher);
    pst_subscription_set(session->subscription, &nobody, 0);
    follow_events(session);
}

void
pst_session_reset(PstSession *session)
{
    pst_frame_reader_reset(session->reader);
    begin(session, "");
}

const guint8 *
pst_session_output(const PstSession *session, gsize *len)
{
    *len = session->output->len - session->output_at;
    return session->output->data + session->output_at;
}

void
pst_session_written(PstSession *session, gsize n)
{
    session->output_at += n;
    if (session->output_at == session->output->len) {
        clear_output(session);
        send_events(session);
    } else if (session->output_at >= PST_LIMIT_FRAME_FROM_GUEST) {
        g_byte_array_remove_range(session->output, 0, (guint)session->output_at);
        session->output_at = 0;
    }
}

gboolean
pst_session_is_idle(const PstSession *session)
{
    return pst_dispatcher_is_idle(session->dispatcher);
}

gboolean
pst_session_is_subscribed(const PstSession *session)
{
    return pst_subscription_kinds(session->subscription) != 0;
}
