// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text through the envelope and what stands in it: a message that was accepted, written and
 * read again is the same message. */
#include <string.h>

#include "protocol/call.h"
#include "protocol/event.h"
#include "protocol/hello.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"
#include "tests/fuzz/fuzz.h"

static PstMessage *
read_message(const char *text, gsize len)
{
    JsonObject *json = pst_json_parse(text, len, &pst_validate_from_guest, NULL);
    g_autoptr(GError) error = NULL;

    if (json == NULL)
        return NULL;
    PstMessage *message = pst_message_decode(json, &error);
    json_object_unref(json);
    g_assert_cmpint(message == NULL, ==, error != NULL);
    return message;
}

static char *
write_message(const PstMessage *message)
{
    const PstMessageId *id = message->id.session[0] != '\0' ? &message->id : NULL;

    switch (message->type) {
    case PST_MESSAGE_REQUEST:
    case PST_MESSAGE_NOTIFICATION:
        return pst_message_request(id, message->method, message->params);
    case PST_MESSAGE_RESULT:
        return pst_message_result(id, message->result);
    case PST_MESSAGE_ERROR:
        return pst_message_error(id, message->error);
    }
    g_assert_not_reached();
}

static void
check_same(const PstMessage *message)
{
    g_autofree char *text = write_message(message);
    g_autoptr(PstMessage) again = read_message(text, strlen(text));

    g_assert_nonnull(again);
    g_assert_cmpint(again->type, ==, message->type);
    g_assert_cmpstr(again->id.session, ==, message->id.session);
    g_assert_cmpint(again->id.number, ==, message->id.number);
    g_assert_cmpstr(again->method, ==, message->method);
    if (message->error != NULL)
        g_assert_cmpstr(again->error->message, ==, message->error->message);

    g_autofree char *once_more = write_message(again);
    if (message->type != PST_MESSAGE_ERROR) /* an unknown code arrives as "internal" */
        g_assert_cmpstr(once_more, ==, text);
}

static void
try_arguments(const PstCall *call)
{
    const PstReportKind *kind = pst_vocabulary_find(call->name);
    g_autoptr(GError) error = NULL;

    if (kind == NULL || call->args == NULL)
        return;
    gpointer args = pst_fields_decode_exact(kind->args, call->args, &error);
    g_assert_cmpint(args == NULL, ==, error != NULL);
    pst_fields_free(kind->args, args);
}

static void
try_event(JsonObject *params)
{
    g_autoptr(PstEvent) event = pst_event_read(params, NULL);

    if (event == NULL)
        return;
    g_autofree char *body = pst_json_to_text(json_object_get_object_member(params, "body"), NULL);
    g_autofree char *text = pst_event_to_text(event, body);
    g_autoptr(PstMessage) message = read_message(text, strlen(text));
    g_autoptr(PstEvent) again = pst_event_read(message->params, NULL);
    g_assert_cmpint(again->seq, ==, event->seq);
    g_assert_cmpint(again->lost, ==, event->lost);
    g_assert_cmpint(again->realtime_us, ==, event->realtime_us);
    g_assert_cmpint(again->boottime_us, ==, event->boottime_us);
    g_assert_cmpint(again->body->event, ==, event->body->event);
    g_assert_cmpstr(again->body->message, ==, event->body->message);
    g_assert_cmpstr(again->body->path, ==, event->body->path);
}

static void
try_subscribe(JsonObject *params)
{
    guint32 kinds = 0, again = 0;

    if (!pst_event_read_subscribe(params, &kinds, NULL))
        return;
    g_autoptr(JsonObject) written = pst_event_subscribe_params(kinds);
    g_assert_true(pst_event_read_subscribe(written, &again, NULL));
    g_assert_cmpuint(again, ==, kinds);
}

static void
try_contents(const PstMessage *message)
{
    g_autoptr(PstHelloParams) params = pst_hello_read_request(message->params, NULL);
    g_autoptr(PstHello) hello =
        message->result != NULL ? pst_hello_read_answer(message->result, NULL) : NULL;
    PstCall call;

    if (params != NULL)
        g_assert_true(pst_message_is_session(params->session));
    if (hello != NULL) {
        g_autoptr(JsonObject) answer = pst_hello_answer(hello);
        g_autoptr(PstHello) again = pst_hello_read_answer(answer, NULL);
        g_assert_cmpstr(again->boot_id, ==, hello->boot_id);
        g_assert_cmpint(again->boottime_us, ==, hello->boottime_us);
    }
    try_event(message->params);
    try_subscribe(message->params);
    if (pst_call_read(message->params, &call, NULL))
        try_arguments(&call);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstMessage) message = read_message((const char *)data, len);

    if (message != NULL) {
        check_same(message);
        try_contents(message);
    }
    return 0;
}
