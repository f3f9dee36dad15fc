// SPDX-License-Identifier: LGPL-2.1-or-later
/* The client against scripted peers. */
#include "protocol/limits.h"
#include "tests/unit/scripted-peer.h"

typedef struct {
    PstClient *client;
    GByteArray *sent;
    char *session;
} Talk;

static void
end_talk(Talk *talk)
{
    pst_client_free(talk->client);
    g_byte_array_unref(talk->sent);
    g_free(talk->session);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Talk, end_talk)

/* A client whose hello was answered. */
static Talk
begin_talk(void)
{
    Talk talk = {pst_client_new(), g_byte_array_new(), NULL};
    gint64 hello = pst_client_hello(talk.client, NULL, talk.sent);

    talk.session = session_in(talk.sent);
    feed_answer(talk.client, talk.session, hello, 0);
    assert_answer(talk.client, hello, 0);
    return talk;
}

static gint64
ask(Talk *talk)
{
    g_autoptr(GError) error = NULL;
    gint64 number = pst_client_request(talk->client, "ping", NULL, talk->sent, &error);

    g_assert_no_error(error);
    g_assert_cmpint(number, >=, 0);
    return number;
}

static void
test_answer(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 first = ask(&talk), second = ask(&talk);

    g_assert_cmpint(first, !=, second);
    g_assert_null(pst_client_take(talk.client, first));
    feed_answer(talk.client, talk.session, second, 2);
    g_assert_null(pst_client_take(talk.client, first));
    assert_answer(talk.client, second, 2);
    g_assert_null(pst_client_take(talk.client, second));
    feed_answer(talk.client, talk.session, first, 1);
    assert_answer(talk.client, first, 1);
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, 0);
    g_assert_true(pst_client_check(talk.client, NULL));
}

static void
test_late(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 old = ask(&talk);
    g_autofree char *old_session = g_strdup(talk.session);

    /* After a new hello nothing of the session before counts, not even for the same number. */
    gint64 hello = pst_client_hello(talk.client, NULL, talk.sent);
    g_autofree char *session = session_in(talk.sent);
    g_assert_cmpstr(session, !=, old_session);
    feed_answer(talk.client, old_session, old, 1);
    feed_answer(talk.client, old_session, hello, 1);
    g_assert_null(pst_client_take(talk.client, old));
    g_assert_null(pst_client_take(talk.client, hello));
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, 2);
    feed_answer(talk.client, session, hello, 7);
    assert_answer(talk.client, hello, 7);
}

static void
test_twice(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);

    feed_answer(talk.client, talk.session, number, 1);
    feed_answer(talk.client, talk.session, number, 2);
    assert_answer(talk.client, number, 1);
    feed_answer(talk.client, talk.session, number, 3);
    g_assert_null(pst_client_take(talk.client, number));
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, 2);
}

static void
test_strangers(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);
    g_autofree char *twisted = g_strdup(talk.session);
    guint n = 0;

    twisted[5] = twisted[5] == '0' ? '1' : '0';
    const char *const texts[] = {
        "{}",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"x\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"\",\"result\":{}}",
        "{\"jsonrpc\":\"1.0\",\"id\":\"x\",\"result\":{}}",
    };
    for (; n < G_N_ELEMENTS(texts); n++)
        feed_text(talk.client, texts[n]);
    feed_answer(talk.client, twisted, number, 9);
    feed_answer(talk.client, talk.session, number + 1, 9);
    g_autofree char *zeros = g_strdup_printf("00%" G_GINT64_FORMAT, number);
    g_autofree char *spelt = g_strdup_printf(
        "{\"jsonrpc\":\"2.0\",\"id\":\"%s-%s\",\"result\":{\"n\":9}}", talk.session, zeros);
    feed_text(talk.client, spelt);
    g_autofree char *asking = g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s-%" G_GINT64_FORMAT
                                              "\",\"method\":\"ping\"}",
                                              talk.session, number);
    feed_text(talk.client, asking);

    g_assert_null(pst_client_take(talk.client, number));
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, n + 4);
    feed_answer(talk.client, talk.session, number, 1);
    assert_answer(talk.client, number, 1);
}

/* An answer among garbage, in pieces of every size. */
static void
test_garbage(void)
{
    static const char garbage[] = "\0\xff{}\n\n\x1e\x1e{\"a\":}\n\x1e{\"jsonrpc\"";

    for (gsize piece = 1; piece < 40; piece++) {
        g_auto(Talk) talk = begin_talk();
        gint64 number = ask(&talk);
        g_autofree char *text = answer_text(talk.session, number, 5);
        g_autoptr(GString) bytes = g_string_new(NULL);

        g_string_append_len(bytes, garbage, sizeof(garbage) - 1);
        g_string_append_printf(bytes, "\x1e%s\ngarbage", text);
        feed_bytes(talk.client, bytes->str, bytes->len, piece);
        assert_answer(talk.client, number, 5);
        g_assert_true(pst_client_check(talk.client, NULL));
    }
}

static void
test_half(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);
    g_autofree char *text = answer_text(talk.session, number, 5);

    for (gsize cut = 0; cut < strlen(text); cut++) {
        feed_bytes(talk.client, "\x1e", 1, 1);
        feed_bytes(talk.client, text, cut, 16);
        g_assert_null(pst_client_take(talk.client, number));
        if (cut % 8 == 7) { /* keeps below the limit of bad frames */
            feed_answer(talk.client, talk.session, number, (int)cut);
            assert_answer(talk.client, number, (gint64)cut);
            end_talk(&talk);
            talk = begin_talk();
            number = ask(&talk);
            g_free(text);
            text = answer_text(talk.session, number, 5);
        }
    }
}

static void
test_error(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);
    g_autofree char *text =
        g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s-%" G_GINT64_FORMAT
                        "\",\"error\":{\"code\":-32002,\"message\":\"too late\"}}",
                        talk.session, number);

    feed_text(talk.client, text);
    g_autoptr(PstMessage) answer = pst_client_take(talk.client, number);
    g_assert_nonnull(answer);
    g_assert_cmpint(answer->type, ==, PST_MESSAGE_ERROR);
    g_assert_error(answer->error, PST_ERROR, PST_ERROR_DEADLINE);
    g_assert_cmpstr(answer->error->message, ==, "too late");
}

static void
assert_given_up(Talk *talk, gint64 number)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(pst_client_check(talk->client, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    feed_answer(talk->client, talk->session, number, 1);
    g_assert_null(pst_client_take(talk->client, number));
}

static void
test_bad_frames(void)
{
    const char *const kinds[] = {"[]", "{\"a\":", "{\"a\":1,\"a\":2}", "{}"};

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_auto(Talk) talk = begin_talk();
        gint64 number = ask(&talk);

        for (int i = 1; i < PST_LIMIT_BAD_FRAMES_A_MINUTE; i++)
            feed_text(talk.client, kinds[k]);
        g_assert_true(pst_client_check(talk.client, NULL));
        feed_text(talk.client, kinds[k]);
        assert_given_up(&talk, number);
    }
}

static void
test_stray_bytes(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);
    g_autofree char *bytes = g_strnfill(64 * 1024, 'x');

    for (int i = 0; i < 15; i++)
        feed_bytes(talk.client, bytes, 64 * 1024, 64 * 1024);
    g_assert_true(pst_client_check(talk.client, NULL));
    feed_bytes(talk.client, bytes, 64 * 1024, 64 * 1024);
    assert_given_up(&talk, number);
}

static void
test_in_flight(void)
{
    g_auto(Talk) talk = begin_talk();
    g_autoptr(GError) error = NULL;
    gint64 numbers[PST_LIMIT_IN_FLIGHT];

    for (int i = 0; i < PST_LIMIT_IN_FLIGHT; i++)
        numbers[i] = ask(&talk);
    guint before = talk.sent->len;
    g_assert_cmpint(pst_client_request(talk.client, "ping", NULL, talk.sent, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_cmpuint(talk.sent->len, ==, before);

    /* Answered is as good as taken. */
    feed_answer(talk.client, talk.session, numbers[3], 1);
    ask(&talk);
    /* A new session starts with nothing in flight: what the old one had is no longer waited for. */
    pst_client_hello(talk.client, NULL, talk.sent);
    ask(&talk);
}

static JsonObject *
params_of(gsize size)
{
    JsonObject *params = json_object_new();
    g_autofree char *text = g_strnfill(size, 'x');

    json_object_set_string_member(params, "text", text);
    return params;
}

/* The limit is on what is unanswered, the new request included. */
static void
test_in_flight_bytes(void)
{
    g_auto(Talk) talk = begin_talk();
    g_autoptr(JsonObject) large = params_of(30 * 1024), huge = params_of(PST_LIMIT_FRAME_FROM_HOST);
    g_autoptr(GError) error = NULL;
    guint before = talk.sent->len;

    gint64 first = pst_client_request(talk.client, "ping", large, talk.sent, NULL);
    g_assert_cmpint(first, >=, 0);
    g_assert_cmpint(pst_client_request(talk.client, "ping", large, talk.sent, NULL), >=, 0);
    g_assert_cmpint(pst_client_request(talk.client, "ping", large, talk.sent, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_cmpuint(talk.sent->len - before, <=, PST_LIMIT_IN_FLIGHT_BYTES);
    feed_answer(talk.client, talk.session, first, 1);
    g_assert_cmpint(pst_client_request(talk.client, "ping", large, talk.sent, NULL), >=, 0);

    g_clear_error(&error);
    g_assert_cmpint(pst_client_request(talk.client, "ping", huge, talk.sent, &error), ==, -1);
    g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);
}

static void
test_cancel(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);
    g_autofree char *id = g_strdup_printf("%s-%" G_GINT64_FORMAT, talk.session, number);
    guint before = talk.sent->len;

    pst_client_cancel(talk.client, number, talk.sent);
    g_autofree char *text = g_strndup((char *)talk.sent->data + before, talk.sent->len - before);
    g_assert_nonnull(strstr(text, "\"method\":\"cancel\""));
    g_assert_nonnull(strstr(text, id));
    g_assert_null(strstr(text, "\"jsonrpc\":\"2.0\",\"id\""));
    feed_answer(talk.client, talk.session, number, 1);
    g_assert_null(pst_client_take(talk.client, number));

    before = talk.sent->len;
    pst_client_cancel(talk.client, number, talk.sent);
    g_assert_cmpuint(talk.sent->len, ==, before);
}

static void
test_one_shot(void)
{
    g_autoptr(PstClient) client = pst_client_new_one_shot();
    g_autoptr(GByteArray) sent = g_byte_array_new();
    gint64 number = pst_client_request(client, "ping", NULL, sent, NULL);
    g_autofree char *session = session_in(sent);

    feed_answer(client, session, number, 4);
    assert_answer(client, number, 4);
}

/* ---- events ---- */

static char *
event_text(const char *session, gint64 seq, const char *message)
{
    g_autofree char *id = g_strdup_printf("%s-3", session);
    g_autofree char *body = g_strdup_printf("{\"event\":\"oom-kill\",\"message\":\"%s\"}", message);
    PstEvent event = {.id = id, .seq = seq, .realtime_us = 1, .boottime_us = 2};

    return pst_event_to_text(&event, body);
}

static void
feed_event(const Talk *talk, const char *session, gint64 seq, const char *message)
{
    g_autofree char *text = event_text(session, seq, message);

    feed_text(talk->client, text);
}

static void
on_event(const PstEvent *event, gpointer user_data)
{
    g_string_append_printf(user_data, "%" G_GINT64_FORMAT ":%s ", event->seq, event->body->message);
}

static void
test_event(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);
    g_autoptr(GString) heard = g_string_new(NULL);
    g_autofree char *session = g_strdup(talk.session);

    feed_event(&talk, session, 1, "unheard");
    pst_client_listen(talk.client, on_event, heard);
    feed_event(&talk, session, 2, "a");
    feed_answer(talk.client, session, number, 5);
    feed_event(&talk, session, 3, "b");
    g_assert_cmpstr(heard->str, ==, "2:a 3:b ");
    assert_answer(talk.client, number, 5);

    /* What the old session had to tell comes after the hello of the new one. */
    pst_client_hello(talk.client, NULL, talk.sent);
    feed_event(&talk, session, 4, "late");
    g_autofree char *now = session_in(talk.sent);
    feed_event(&talk, now, 1, "c");
    pst_client_listen(talk.client, NULL, NULL);
    feed_event(&talk, now, 2, "unheard");
    g_assert_cmpstr(heard->str, ==, "2:a 3:b 1:c ");
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, 0);
}

static void
test_event_that_is_wrong(void)
{
    g_auto(Talk) talk = begin_talk();
    g_autoptr(GString) heard = g_string_new(NULL);
    g_autofree char *large = g_strnfill(PST_LIMIT_EVENT, 'x');

    pst_client_listen(talk.client, on_event, heard);
    feed_event(&talk, talk.session, 0, "no number");
    feed_event(&talk, "0123", 1, "no session");
    feed_event(&talk, talk.session, 1, large);
    feed_text(talk.client, "{\"jsonrpc\":\"2.0\",\"method\":\"event\"}");
    feed_text(talk.client, "{\"jsonrpc\":\"2.0\",\"method\":\"events\",\"params\":{}}");
    g_assert_cmpstr(heard->str, ==, "");
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, 5);
    large[PST_LIMIT_EVENT - 512] = '\0';
    feed_event(&talk, talk.session, 1, large);
    g_assert_cmpuint(heard->len, >, PST_LIMIT_EVENT - 512);
}

/* So many are told, heard or not; whoever sends more has the rest counted as rubbish. */
static void
test_events_without_end(void)
{
    g_auto(Talk) talk = begin_talk();
    gint64 number = ask(&talk);

    for (gint64 i = 1; i <= PST_LIMIT_EVENTS_A_MINUTE; i++)
        feed_event(&talk, talk.session, i, "m");
    g_assert_cmpuint(pst_client_strangers(talk.client), ==, 0);
    for (gint64 i = 1; i < PST_LIMIT_BAD_FRAMES_A_MINUTE; i++)
        feed_event(&talk, talk.session, i, "m");
    g_assert_true(pst_client_check(talk.client, NULL));
    feed_event(&talk, talk.session, 1, "m");
    assert_given_up(&talk, number);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client/answer", test_answer);
    g_test_add_func("/client/late", test_late);
    g_test_add_func("/client/event", test_event);
    g_test_add_func("/client/event-that-is-wrong", test_event_that_is_wrong);
    g_test_add_func("/client/events-without-end", test_events_without_end);
    g_test_add_func("/client/twice", test_twice);
    g_test_add_func("/client/strangers", test_strangers);
    g_test_add_func("/client/garbage", test_garbage);
    g_test_add_func("/client/half", test_half);
    g_test_add_func("/client/error", test_error);
    g_test_add_func("/client/bad-frames", test_bad_frames);
    g_test_add_func("/client/stray-bytes", test_stray_bytes);
    g_test_add_func("/client/in-flight", test_in_flight);
    g_test_add_func("/client/in-flight-bytes", test_in_flight_bytes);
    g_test_add_func("/client/cancel", test_cancel);
    g_test_add_func("/client/one-shot", test_one_shot);
    return g_test_run();
}
