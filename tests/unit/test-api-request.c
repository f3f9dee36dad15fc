// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/api-request.h"
#include "host-sidecar/server-settings.h"
#include "protocol/error.h"
#include "protocol/json.h"

static JsonObject *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_to_api, &error);

    g_assert_no_error(error);
    return json;
}

/* To say that no age will do is more than to say none. */
static void
test_afresh(void)
{
    static const char *const said[] = {"", "\"max_age_ms\":0,", "\"max_age_ms\":1,"};

    for (guint i = 0; i < G_N_ELEMENTS(said); i++) {
        g_autofree char *text = g_strdup_printf("{\"domain\":\"web\",\"deadline_ms\":500,%s"
                                                "\"questions\":[{\"probe\":\"system\"}]}",
                                                said[i]);
        g_autoptr(JsonObject) json = parse(text);
        g_autoptr(PstApiAsk) ask = pst_api_request_read_ask(json, NULL);
        g_assert_nonnull(ask);
        g_assert_cmpint(ask->afresh, ==, i == 1);
        g_autoptr(JsonObject) again = pst_api_request_ask(ask);
        g_assert_cmpint(json_object_has_member(again, "max_age_ms"), ==, i > 0);
    }
}

static void
test_round_trip(void)
{
    g_autoptr(JsonObject) json = parse(
        "{\"domain\":\"web\",\"deadline_ms\":500,\"verb\":\"diagnose\",\"host\":true,"
        "\"max_age_ms\":1500,"
        "\"questions\":[{\"probe\":\"system\"},{\"probe\":\"sudo\",\"args\":{\"user\":\"x\"}}]}");
    g_autoptr(GError) error = NULL;
    g_autoptr(PstApiAsk) ask = pst_api_request_read_ask(json, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(ask->domain, ==, "web");
    g_assert_cmpstr(ask->verb, ==, "diagnose");
    g_assert_cmpint(ask->deadline_ms, ==, 500);
    g_assert_cmpint(ask->max_age_ms, ==, 1500);
    g_assert_true(ask->with_host);
    g_assert_cmpuint(ask->n, ==, 2);
    g_assert_cmpstr(ask->questions[1]->probe, ==, "sudo");
    g_autoptr(JsonObject) again = pst_api_request_ask(ask);
    g_autoptr(PstApiAsk) same = pst_api_request_read_ask(again, &error);
    g_assert_no_error(error);
    g_autoptr(JsonObject) once_more = pst_api_request_ask(same);
    g_autofree char *a = pst_json_to_text(again, NULL);
    g_autofree char *b = pst_json_to_text(once_more, NULL);
    g_assert_cmpstr(a, ==, b);
}

#define Q "\"questions\":[{\"probe\":\"system\"}]"

static void
test_refused(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{}", "deadline_ms"},
        {"{\"deadline_ms\":0,\"domain\":\"x\"," Q "}", "1 to 60000"},
        {"{\"deadline_ms\":60001,\"domain\":\"x\"," Q "}", "1 to 60000"},
        {"{\"deadline_ms\":\"5\",\"domain\":\"x\"," Q "}", "deadline_ms"},
        {"{\"deadline_ms\":5," Q "}", "domain"},
        {"{\"deadline_ms\":5,\"domain\":null," Q "}", "domain"},
        {"{\"deadline_ms\":5,\"domain\":\"x\"}", "questions"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[]}", "none"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[1]}", "not an object"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[{}]}", "probe"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[{\"probe\":\"exec\"}]}", "exec"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[{\"probe\":\"access\"}]}", "derived"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[{\"probe\":\"sudo\","
         "\"args\":{\"usr\":\"x\"}}]}",
         "usr"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[{\"probe\":\"host\"},"
         "{\"probe\":\"system\"}]}",
         "alone"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[{\"probe\":\"host\","
         "\"args\":{\"watch_ms\":10001}}]}",
         "watch_ms"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"verb\":\"a b\"," Q "}", "verb"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"verb\":\"\"," Q "}", "verb"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"host\":1," Q "}", "host"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"max_age_ms\":-1," Q "}", "max_age_ms"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"max_age_ms\":300001," Q "}", "300000"},
        {"{\"deadline_ms\":5,\"domain\":\"x\",\"max_age_ms\":\"1\"," Q "}", "max_age_ms"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonObject) json = parse(rows[i].text);
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_api_request_read_ask(json, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        g_assert_nonnull(strstr(error->message, rows[i].says));
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(pst_api_request_read_ask(NULL, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
}

static void
test_too_many(void)
{
    g_autoptr(GString) text = g_string_new("{\"deadline_ms\":5,\"domain\":\"x\",\"questions\":[");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 65; i++)
        g_string_append_printf(text, "%s{\"probe\":\"system\"}", i > 0 ? "," : "");
    g_string_append(text, "]}");
    g_autoptr(JsonObject) json = parse(text->str);
    g_assert_null(pst_api_request_read_ask(json, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
}

static GKeyFile *
config(const char *text)
{
    GKeyFile *file = g_key_file_new();

    g_assert_true(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL));
    return file;
}

static void
test_limits(void)
{
    static const char *const bad[] = {"callers=0", "callers=4097",         "callers=-1",
                                      "callers=",  "callers_of_user=many", "requests_of_user=1.5"};
    g_autoptr(GKeyFile) none = config("");
    g_autoptr(GKeyFile) some = config("[daemon]\ncallers=7\nrequests_of_user=3\n");
    PstServerLimits limits;

    g_assert_true(pst_server_settings_limits(none, &limits, NULL));
    g_assert_cmpuint(limits.callers, ==, PST_SERVER_LIMITS_DEFAULT.callers);
    g_assert_true(pst_server_settings_limits(some, &limits, NULL));
    g_assert_cmpuint(limits.callers, ==, 7);
    g_assert_cmpuint(limits.requests_of_user, ==, 3);
    g_assert_cmpuint(limits.callers_of_user, ==, PST_SERVER_LIMITS_DEFAULT.callers_of_user);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf("[daemon]\ncallers=9\n%s\n", bad[i]);
        g_autoptr(GKeyFile) file = config(text);
        g_autoptr(GError) error = NULL;

        g_assert_false(pst_server_settings_limits(file, &limits, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_cmpuint(limits.callers, ==, 7);
    }
}

static void
test_socket(void)
{
    g_autoptr(GKeyFile) file = config("[daemon]\nsocket=/x/y\nrecover_socket=/x/r\n");
    g_autoptr(GKeyFile) off = config("[daemon]\nsocket=\n");

    g_unsetenv("POSTERN_DIAGNOSE_SOCKET");
    g_autofree char *standard = pst_server_settings_socket(NULL, "test:///x");
    g_assert_cmpstr(standard, ==, "/run/postern/diagnose.sock");
    g_autofree char *configured = pst_server_settings_socket(file, NULL);
    g_assert_cmpstr(configured, ==, "/x/y");
    g_unsetenv("POSTERN_RECOVER_SOCKET");
    g_autofree char *other = pst_server_settings_recover_socket(NULL);
    g_assert_cmpstr(other, ==, "/run/postern-recover/recover.sock");
    g_autofree char *recover = pst_server_settings_recover_socket(file);
    g_assert_cmpstr(recover, ==, "/x/r");
    g_assert_null(pst_server_settings_socket(off, "test:///x"));
    g_setenv("POSTERN_DIAGNOSE_SOCKET", "/z", TRUE);
    g_autofree char *told = pst_server_settings_socket(file, NULL);
    g_assert_cmpstr(told, ==, "/z");
    g_setenv("POSTERN_DIAGNOSE_SOCKET", "", TRUE);
    g_assert_null(pst_server_settings_socket(file, NULL));
}

/* A daemon for another hypervisor has a socket of its own. */
static void
test_socket_of_hypervisor(void)
{
    static const struct {
        const char *uri, *socket;
    } rows[] = {{"qemu+ssh://root@hv3/system", "/run/postern/diagnose@hv3.sock"},
                {"qemu+tls://hv4/system", "/x/hv4"},
                {"qemu+tls://hv5/system", NULL},
                {"qemu:///system", "/x/y"},
                {"qemu+ssh://root@hv3/system?a", "/x/y"},
                {NULL, "/x/y"}};
    g_autoptr(GKeyFile) file = config("[daemon hv3]\nuri=qemu+ssh://root@hv3/system\n"
                                      "[daemon hv4]\nuri=qemu+tls://hv4/system\nsocket=/x/hv4\n"
                                      "[daemon hv5]\nuri=qemu+tls://hv5/system\nsocket=\n"
                                      "[other]\nuri=qemu:///system\nsocket=/no\n"
                                      "[daemon]\nsocket=/x/y\n");

    g_unsetenv("POSTERN_DIAGNOSE_SOCKET");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = pst_server_settings_socket(file, rows[i].uri);
        g_assert_cmpstr(path, ==, rows[i].socket);
    }
    g_setenv("POSTERN_DIAGNOSE_SOCKET", "/z", TRUE);
    g_autofree char *told = pst_server_settings_socket(file, rows[0].uri);
    g_assert_cmpstr(told, ==, "/z");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api-request/round-trip", test_round_trip);
    g_test_add_func("/api-request/afresh", test_afresh);
    g_test_add_func("/api-request/refused", test_refused);
    g_test_add_func("/api-request/too-many", test_too_many);
    g_test_add_func("/server-settings/limits", test_limits);
    g_test_add_func("/server-settings/socket", test_socket);
    g_test_add_func("/server-settings/socket-of-hypervisor", test_socket_of_hypervisor);
    return g_test_run();
}
