// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/message.h"
#include "tests/unit/frame-corpus.h"

#define SESSION "0123456789abcdef0123456789abcdef"
#define ID "\"jsonrpc\":\"2.0\",\"id\":\"" SESSION "-7\""

static PstMessage *
decode(const char *text, GError **error)
{
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    PstMessage *message = pst_message_decode(json, error);
    json_object_unref(json);
    return message;
}

static const struct {
    const char *text;
    PstMessageType type;
    gint64 number; /* -1: no id */
} rows[] = {
    {"{" ID ",\"method\":\"ping\"}", PST_MESSAGE_REQUEST, 7},
    {"{" ID ",\"method\":\"probe\",\"params\":{\"name\":\"sudo\"}}", PST_MESSAGE_REQUEST, 7},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"cancel\"}", PST_MESSAGE_NOTIFICATION, -1},
    {"{" ID ",\"result\":{}}", PST_MESSAGE_RESULT, 7},
    {"{" ID ",\"error\":{\"code\":-32002,\"message\":\"late\"}}", PST_MESSAGE_ERROR, 7},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"m\"}}",
     PST_MESSAGE_ERROR, -1},
    {"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":\"m\"}}", PST_MESSAGE_ERROR, -1},
    {"{" ID ",\"result\":{},\"more\":1}", PST_MESSAGE_RESULT, 7},
};

static void
test_types(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstMessage) message = decode(rows[i].text, &error);

        g_assert_no_error(error);
        g_assert_cmpint(message->type, ==, rows[i].type);
        g_assert_cmpstr(message->id.session, ==, rows[i].number < 0 ? "" : SESSION);
        g_assert_cmpint(message->id.number, ==, MAX(rows[i].number, 0));
        g_assert_cmpint(message->method != NULL, ==, rows[i].type <= PST_MESSAGE_NOTIFICATION);
        g_assert_cmpint(message->result != NULL, ==, rows[i].type == PST_MESSAGE_RESULT);
        g_assert_cmpint(message->error != NULL, ==, rows[i].type == PST_MESSAGE_ERROR);
    }
}

static const char *const refused[] = {
    "{}",
    "{\"id\":\"" SESSION "-7\",\"method\":\"ping\"}",
    "{\"jsonrpc\":2.0,\"id\":\"" SESSION "-7\",\"method\":\"ping\"}",
    "{\"jsonrpc\":\"1.0\",\"id\":\"" SESSION "-7\",\"method\":\"ping\"}",
    "{\"jsonrpc\":null,\"id\":\"" SESSION "-7\",\"method\":\"ping\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":\"\",\"method\":\"ping\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}",
    "{\"jsonrpc\":\"2.0\",\"result\":{}}",
    "{" ID "}",
    "{" ID ",\"method\":null}",
    "{" ID ",\"method\":7}",
    "{" ID ",\"method\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
    "{" ID ",\"method\":\"ping\",\"params\":[]}",
    "{" ID ",\"method\":\"ping\",\"params\":null}",
    "{" ID ",\"method\":\"ping\",\"result\":{}}",
    "{" ID ",\"method\":\"ping\",\"error\":{\"code\":1,\"message\":\"m\"}}",
    "{" ID ",\"result\":{},\"error\":{\"code\":1,\"message\":\"m\"}}",
    "{" ID ",\"result\":null}",
    "{" ID ",\"result\":[]}",
    "{" ID ",\"result\":7}",
    "{" ID ",\"error\":null}",
    "{" ID ",\"error\":\"m\"}",
    "{" ID ",\"error\":{\"message\":\"m\"}}",
    "{" ID ",\"error\":{\"code\":\"1\",\"message\":\"m\"}}",
    "{" ID ",\"error\":{\"code\":1}}",
    "{" ID ",\"error\":{\"code\":1,\"message\":null}}",
};

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", refused[i]);
        g_assert_null(decode(refused[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_REQUEST);
        g_assert_true(g_str_has_prefix(error->message, "not a JSON-RPC 2.0 message: "));
    }
}

static void
test_ids(void)
{
    const char *const bad[] = {
        "",
        "7",
        SESSION,
        SESSION "-",
        SESSION "7",
        SESSION "--7",
        SESSION "-+7",
        SESSION "- 7",
        SESSION "-7 ",
        SESSION "-7x",
        SESSION "-07", /* the same number would have two ids */
        SESSION "-00",
        SESSION "-9007199254740992",
        SESSION "-99999999999999999999999",
        SESSION "0-7",
        "0123456789abcdef0123456789abcde-7",
        "0123456789ABCDEF0123456789abcdef-7",
        "0123456789abcdeg0123456789abcdef-7",
    };
    const gint64 numbers[] = {0, 1, 10, PST_LIMIT_INTEGER};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        PstMessageId id = {"", 0};
        g_assert_false(pst_message_parse_id(bad[i], &id));
        g_assert_cmpstr(id.session, ==, "");
    }
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        PstMessageId id = {SESSION, numbers[i]}, again;
        g_autofree char *text = pst_message_format_id(&id);

        g_assert_true(pst_message_parse_id(text, &again));
        g_assert_cmpstr(again.session, ==, SESSION);
        g_assert_cmpint(again.number, ==, numbers[i]);
    }
}

static void
test_new_session(void)
{
    char a[PST_SESSION_DIGITS + 1], b[PST_SESSION_DIGITS + 1];

    pst_message_new_session(a);
    pst_message_new_session(b);
    g_assert_true(pst_message_is_session(a));
    g_assert_true(pst_message_is_session(b));
    g_assert_cmpstr(a, !=, b);
    g_assert_false(pst_message_is_session(""));
    g_assert_false(pst_message_is_session(SESSION "0"));
    g_assert_false(pst_message_is_session("0123456789abcdef0123456789abcdeF"));
}

static void
test_request(void)
{
    const PstMessageId id = {SESSION, 7};
    g_autoptr(JsonObject) params = json_object_new();
    g_autofree char *bare = pst_message_request(&id, "ping", NULL);
    g_autofree char *notification = pst_message_request(NULL, "cancel", params);

    g_assert_cmpstr(bare, ==, "{" ID ",\"method\":\"ping\"}");
    g_assert_cmpstr(notification, ==, "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{}}");
}

static void
test_result(void)
{
    const PstMessageId id = {SESSION, 7};
    g_autoptr(JsonObject) result = json_object_new();

    json_object_set_int_member(result, "a", 1);
    g_autofree char *whole = pst_message_result(&id, result);
    g_autofree char *around = pst_message_result_text(&id, "{\"a\":1}garbage", 7);
    g_assert_cmpstr(whole, ==, "{" ID ",\"result\":{\"a\":1}}");
    g_assert_cmpstr(around, ==, whole);
}

/* What a guest may say by this code. */
static int
said_by_a_guest(int code)
{
    if (code <= PST_ERROR_UNAVAILABLE)
        return code;
    return pst_error_to_rpc((PstErrorCode)code) == -32603 ? PST_ERROR_INTERNAL : PST_ERROR_PROTOCOL;
}

/* Every code goes over the wire and comes back, with its reason; those that do not travel arrive as
 * internal, and no guest can say what only a host knows. */
static void
test_errors(void)
{
    const PstMessageId id = {SESSION, 7};

    for (int code = 0; code <= PST_ERROR_LAST; code++) {
        g_autoptr(GError) cause = g_error_new(PST_ERROR, code, "it\xFF broke: \x1f");
        g_autofree char *text = pst_message_error(&id, cause);
        g_autoptr(PstMessage) message = decode(text, NULL);

        g_assert_nonnull(strstr(text, pst_error_reason((PstErrorCode)code)));
        g_assert_error(message->error, PST_ERROR, said_by_a_guest(code));
        g_assert_cmpstr(message->reason, ==, pst_error_reason((PstErrorCode)code));
        g_assert_cmpstr(message->error->message, ==, "it\xEF\xBF\xBD broke: \x1f");
    }

    g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
    g_autofree char *text = pst_message_error(NULL, foreign);
    g_assert_cmpstr(text, ==,
                    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,"
                    "\"message\":\"x\",\"data\":{\"reason\":\"internal\"}}}");
}

/* A peer's message is cut between characters, not inside of one. */
static void
test_long_error(void)
{
    g_autoptr(GString) text = g_string_new("{" ID ",\"error\":{\"code\":-32001,\"message\":\"a");

    for (int i = 0; i < 2000; i++)
        g_string_append(text, "\xC3\xA9");
    g_string_append(text, "\"}}");
    g_autoptr(PstMessage) message = decode(text->str, NULL);
    g_assert_error(message->error, PST_ERROR, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpuint(strlen(message->error->message), ==, 1023);
    g_assert_true(g_utf8_validate(message->error->message, -1, NULL));
}

static void
check_decodes(const char *name, const char *text, gsize len G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstMessage) message = decode(text, &error);

    g_test_message("%s", name);
    g_assert_no_error(error);
    g_assert_cmpint(strstr(name, ".request.") != NULL, ==, message->type == PST_MESSAGE_REQUEST);
    g_assert_cmpint(strstr(name, ".answer.") != NULL, ==, message->type >= PST_MESSAGE_RESULT);
}

static void
test_real_frames(void)
{
    for_each_frame(check_decodes);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/types", test_types);
    g_test_add_func("/message/refused", test_refused);
    g_test_add_func("/message/ids", test_ids);
    g_test_add_func("/message/new-session", test_new_session);
    g_test_add_func("/message/request", test_request);
    g_test_add_func("/message/result", test_result);
    g_test_add_func("/message/errors", test_errors);
    g_test_add_func("/message/long-error", test_long_error);
    g_test_add_func("/message/real-frames", test_real_frames);
    return g_test_run();
}
