// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/event.h"
#include "protocol/json.h"

#define SESSION "0123456789abcdef0123456789abcdef"
#define BODY "{\"event\":\"oom-kill\",\"message\":\"m\"}"

static JsonObject *
parse(const char *text)
{
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    return json;
}

static void
test_kinds(void)
{
    const guint32 sets[] = {0, PST_EVENT_ALL, PST_EVENT_BIT(PST_EVENT_UNIT_FAILED),
                            PST_EVENT_BIT(PST_EVENT_SHIM_STARTED) |
                                PST_EVENT_BIT(PST_EVENT_OOM_KILL)};

    for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autoptr(JsonObject) params = pst_event_subscribe_params(sets[i]);
        g_autoptr(GError) error = NULL;
        guint32 kinds = 1;

        g_assert_true(pst_event_read_subscribe(params, &kinds, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(kinds, ==, sets[i]);
    }
}

static void
test_kinds_refused(void)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"{}", "'kinds'"},
        {"{\"kinds\":null}", "'kinds'"},
        {"{\"kinds\":\"oom-kill\"}", "'kinds'"},
        {"{\"kinds\":[\"oom-kill\",7]}", "'kinds'"},
        {"{\"kinds\":[\"oom-kill\",\"disk-ful\"]}", "'disk-ful'; did you mean 'disk-full'?"},
        {"{\"kinds\":[\"\"]}", "known: unit-failed, "},
    };
    guint32 kinds;
    g_autoptr(GError) absent = NULL;

    g_assert_false(pst_event_read_subscribe(NULL, &kinds, &absent));
    g_assert_error(absent, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonObject) params = parse(rows[i].text);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", rows[i].text);
        g_assert_false(pst_event_read_subscribe(params, &kinds, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        g_assert_nonnull(strstr(error->message, rows[i].words));
    }
}

static JsonObject *
params_of(const char *text)
{
    g_autoptr(JsonObject) json = parse(text);
    g_autoptr(PstMessage) message = pst_message_decode(json, NULL);

    g_assert_nonnull(message);
    g_assert_cmpint(message->type, ==, PST_MESSAGE_NOTIFICATION);
    g_assert_cmpstr(message->method, ==, "event");
    return json_object_ref(message->params);
}

static void
test_event(void)
{
    PstEvent event = {
        .id = (char *)SESSION "-4", .seq = 9, .lost = 3, .realtime_us = 5, .boottime_us = 6};
    g_autofree char *text = pst_event_to_text(
        &event, "{\"event\":\"control-plane-changed\",\"message\":\"m\",\"path\":\"/etc\","
                "\"suppressed\":2}");
    g_autoptr(JsonObject) params = params_of(text);
    g_autoptr(PstEvent) again = pst_event_read(params, NULL);

    g_assert_nonnull(again);
    g_assert_cmpstr(again->id, ==, event.id);
    g_assert_cmpint(again->seq, ==, 9);
    g_assert_cmpint(again->lost, ==, 3);
    g_assert_cmpint(again->realtime_us, ==, 5);
    g_assert_cmpint(again->boottime_us, ==, 6);
    g_assert_cmpint(again->body->event, ==, PST_EVENT_CONTROL_PLANE);
    g_assert_cmpstr(again->body->path, ==, "/etc");
    g_assert_null(again->body->unit);
    g_assert_cmpint(again->body->suppressed, ==, 2);

    /* Where nothing was lost, that is not said, and is known all the same. */
    event.lost = 0;
    g_autofree char *plain = pst_event_to_text(&event, BODY);
    g_assert_null(strstr(plain, "lost"));
    g_autoptr(JsonObject) plain_params = params_of(plain);
    g_autoptr(PstEvent) plain_event = pst_event_read(plain_params, NULL);
    g_assert_cmpint(plain_event->lost, ==, 0);
    g_assert_cmpint(plain_event->body->suppressed, ==, 0);
}

#define EVENT(id, seq, lost, clock, body)                                                          \
    "{\"id\":\"" id "\",\"seq\":" seq ",\"lost\":" lost ",\"realtime_us\":" clock                  \
    ",\"boottime_us\":1,\"body\":" body "}"
#define ID SESSION "-1"

static void
test_event_refused(void)
{
    static const char *const rows[] = {
        "{}",
        EVENT("1", "1", "0", "1", BODY),
        EVENT(SESSION, "1", "0", "1", BODY),
        EVENT(ID, "0", "0", "1", BODY),
        EVENT(ID, "3", "3", "1", BODY),
        EVENT(ID, "3", "-1", "1", BODY),
        EVENT(ID, "\"3\"", "0", "1", BODY),
        EVENT(ID, "3", "0", "-1", BODY),
        EVENT(ID, "3", "0", "1", "null"),
        EVENT(ID, "3", "0", "1", "[]"),
        EVENT(ID, "3", "0", "1", "{\"event\":\"oom-kill\"}"),
        EVENT(ID, "3", "0", "1", "{\"event\":\"party\",\"message\":\"m\"}"),
        EVENT(ID, "3", "0", "1", "{\"event\":\"oom-kill\",\"message\":\"m\",\"suppressed\":-1}"),
        EVENT(ID, "3", "0", "1", "{\"event\":\"oom-kill\",\"message\":\"m\",\"path\":7}"),
    };
    g_autoptr(JsonObject) good = parse(EVENT(ID, "3", "2", "1", BODY));
    g_autoptr(PstEvent) event = pst_event_read(good, NULL);

    g_assert_nonnull(event);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonObject) params = parse(rows[i]);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", rows[i]);
        g_assert_null(pst_event_read(params, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    }
    g_assert_null(pst_event_read(NULL, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/event/kinds", test_kinds);
    g_test_add_func("/event/kinds-refused", test_kinds_refused);
    g_test_add_func("/event/event", test_event);
    g_test_add_func("/event/event-refused", test_event_refused);
    return g_test_run();
}
