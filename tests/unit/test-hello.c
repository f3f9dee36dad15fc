// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/call.h"
#include "protocol/hello.h"
#include "protocol/json.h"

#define SESSION "0123456789abcdef0123456789abcdef"

static JsonObject *
parse(const char *text)
{
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    return json;
}

static void
test_request(void)
{
    g_autoptr(JsonObject) json = pst_hello_request(SESSION, "postern 1", "web");
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHelloParams) params = pst_hello_read_request(json, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(params->session, ==, SESSION);
    g_assert_cmpstr(params->client, ==, "postern 1");
}

static void
test_request_refused(void)
{
    const struct {
        const char *text;
        PstErrorCode code;
    } rows[] = {
        {"{}", PST_ERROR_INVALID_PARAMS},
        {"{\"session\":\"" SESSION "\"}", PST_ERROR_INVALID_PARAMS},
        {"{\"session\":7,\"protocol\":[1]}", PST_ERROR_INVALID_PARAMS},
        {"{\"session\":\"7\",\"protocol\":[1]}", PST_ERROR_INVALID_PARAMS},
        {"{\"session\":\"" SESSION "\",\"protocol\":1}", PST_ERROR_INVALID_PARAMS},
        {"{\"session\":\"" SESSION "\",\"protocol\":[]}", PST_ERROR_UNAVAILABLE},
        {"{\"session\":\"" SESSION "\",\"protocol\":[2,3]}", PST_ERROR_UNAVAILABLE},
        {"{\"session\":\"" SESSION "\",\"protocol\":[\"1\",1.0,null,[1]]}", PST_ERROR_UNAVAILABLE},
    };
    g_autoptr(GError) absent = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonObject) json = parse(rows[i].text);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", rows[i].text);
        g_assert_null(pst_hello_read_request(json, &error));
        g_assert_error(error, PST_ERROR, (int)rows[i].code);
    }
    g_assert_null(pst_hello_read_request(NULL, &absent));
    g_assert_error(absent, PST_ERROR, PST_ERROR_INVALID_PARAMS);
}

static void
test_request_newer(void)
{
    g_autoptr(JsonObject) json =
        parse("{\"session\":\"" SESSION "\",\"protocol\":[3,2,1],\"more\":{}}");
    g_autoptr(PstHelloParams) params = pst_hello_read_request(json, NULL);

    g_assert_nonnull(params);
    g_assert_null(params->client);
}

#define ANSWER(protocol)                                                                           \
    "{\"protocol\":" protocol ",\"shim\":\"1\",\"boot_id\":\"b\",\"machine_id\":\"m\","            \
    "\"boottime_us\":1,\"realtime_us\":2}"
#define VERSIONED(version)                                                                         \
    "{\"protocol\":1,\"shim\":\"" version "\",\"boot_id\":\"b\",\"machine_id\":\"m\","             \
    "\"boottime_us\":1,\"realtime_us\":2}"

static void
test_answer(void)
{
    char *methods[] = {(char *)"ping", NULL};
    const PstHello hello = {1, (char *)"0.1", (char *)"b", (char *)"", 5, 6, methods};
    g_autoptr(JsonObject) json = pst_hello_answer(&hello);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHello) again = pst_hello_read_answer(json, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(again->machine_id, ==, "");
    g_assert_cmpint(again->boottime_us, ==, 5);
    g_assert_cmpint(again->realtime_us, ==, 6);
    g_assert_cmpstr(again->capabilities[0], ==, "ping");
}

static void
test_answer_refused(void)
{
    const char *const texts[] = {"{}", ANSWER("2"), ANSWER("0"), ANSWER("\"1\""), ANSWER("1.0"),
                                 "{\"protocol\":1,\"shim\":\"1\"}",
                                 /* what a terminal would obey */
                                 VERSIONED("1\\u001b]0;x\\u0007"), VERSIONED("1 0"), VERSIONED("")};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(JsonObject) json = parse(texts[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_hello_read_answer(json, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }

    g_autoptr(JsonObject) json = parse(ANSWER("1"));
    g_autoptr(PstHello) hello = pst_hello_read_answer(json, NULL);
    g_assert_nonnull(hello);
    g_assert_null(hello->capabilities);
}

static void
test_call(void)
{
    g_autoptr(JsonObject) args = json_object_new();
    const PstCall call = {"sudo", args, "uid 0\xFF", 0, 12};
    g_autoptr(JsonObject) params = pst_call_params(&call);
    g_autoptr(GError) error = NULL;
    PstCall again;

    g_assert_true(pst_call_read(params, &again, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(again.name, ==, "sudo");
    g_assert_true(again.args == args);
    g_assert_cmpstr(again.caller, ==, "uid 0\xEF\xBF\xBD");
    g_assert_cmpint(again.not_after_us, ==, 0);
    g_assert_cmpint(again.not_after_realtime_us, ==, 12);
}

static void
test_call_refused(void)
{
    const char *const texts[] = {
        "{}",
        "{\"name\":\"sudo\"}",
        "{\"name\":7,\"not_after_us\":1}",
        "{\"name\":\"sudo\",\"not_after_us\":0}",
        "{\"name\":\"sudo\",\"not_after_us\":-1}",
        "{\"name\":\"sudo\",\"not_after_us\":\"1\"}",
        "{\"name\":\"sudo\",\"not_after_us\":1,\"not_after_realtime_us\":1}",
        "{\"name\":\"sudo\",\"not_after_us\":1,\"args\":[]}",
        "{\"name\":\"sudo\",\"not_after_us\":1,\"args\":null}",
        "{\"name\":\"sudo\",\"not_after_us\":1,\"caller\":1}",
    };
    g_autoptr(GError) absent = NULL;
    PstCall call;

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(JsonObject) json = parse(texts[i]);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", texts[i]);
        g_assert_false(pst_call_read(json, &call, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    }
    g_assert_false(pst_call_read(NULL, &call, &absent));
    g_assert_error(absent, PST_ERROR, PST_ERROR_INVALID_PARAMS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hello/request", test_request);
    g_test_add_func("/hello/request-refused", test_request_refused);
    g_test_add_func("/hello/request-newer", test_request_newer);
    g_test_add_func("/hello/answer", test_answer);
    g_test_add_func("/hello/answer-refused", test_answer_refused);
    g_test_add_func("/call/params", test_call);
    g_test_add_func("/call/refused", test_call_refused);
    return g_test_run();
}
