// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/exec.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define ID "0123456789abcdef0123456789abcdef"

static JsonObject *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_to_api, &error);

    g_assert_no_error(error);
    return json;
}

static void
assert_refused(const char *members, const char *expected)
{
    g_autofree char *text = g_strdup_printf("{\"id\":\"" ID "\",\"timeout_ms\":1000,%s}", members);
    g_autoptr(JsonObject) json = parse(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstExecStart) start = pst_exec_start_read(json, &error);

    g_assert_null(start);
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    g_assert_nonnull(strstr(error->message, expected));
}

static PstExecStart *
again(const PstExecStart *start)
{
    g_autoptr(JsonObject) params = pst_exec_start_params(start);
    gsize len = 0;
    g_autofree char *text = pst_json_to_text(params, &len);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &pst_validate_from_host, &error);

    g_assert_no_error(error);
    PstExecStart *read = pst_exec_start_read(json, &error);
    g_assert_no_error(error);
    return read;
}

static void
assert_words(char *const *words, char *const *expected)
{
    g_assert_cmpuint(g_strv_length((char **)words), ==, g_strv_length((char **)expected));
    for (guint i = 0; expected[i] != NULL; i++)
        g_assert_cmpstr(words[i], ==, expected[i]);
}

/* Words of every byte, and as many and as long as they may be: they arrive as they were, in a
 * frame.
 */
static void
test_words(void)
{
    g_autoptr(PstExecStart) start = g_new0(PstExecStart, 1);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree guint8 *much = g_malloc(PST_LIMIT_EXEC_INPUT);
    gsize left = PST_LIMIT_EXEC_WORDS_BYTES;

    for (guint value = 1; value < 256; value++) {
        const char word[] = {(char)value, 'x', '\0'};
        g_strv_builder_add(words, word);
        left -= sizeof(word);
    }
    for (guint i = 256; i < PST_LIMIT_EXEC_WORDS; i++, left--)
        g_strv_builder_add(words, "");
    g_autofree char *rest = g_strnfill(left - 1, '\001');
    g_strv_builder_add(words, rest);
    memset(much, 0xff, PST_LIMIT_EXEC_INPUT);
    g_strlcpy(start->id, ID, sizeof(start->id));
    start->argv = g_strv_builder_end(words);
    start->timeout_ms = PST_LIMIT_EXEC_TIMEOUT_MS;
    start->has_input = TRUE;
    start->input_bytes = -1;
    start->input.data = g_bytes_new(much, PST_LIMIT_EXEC_INPUT);
    g_autoptr(PstExecStart) read = again(start);
    assert_words(read->argv, start->argv);
    g_assert_true(g_bytes_equal(read->input.data, start->input.data));
}

static void
test_whole(void)
{
    char *argv[] = {(char *)"printf", (char *)"%s", (char *)"é \"q\"", NULL};
    char *env[] = {(char *)"A=b=c", (char *)"B=\xff", NULL};
    PstExecStart start = {.boot_id = (char *)"boot",
                          .argv = argv,
                          .env = env,
                          .user = (char *)"harness",
                          .cwd = (char *)"/tmp",
                          .caller = (char *)"uid 0",
                          .timeout_ms = 5,
                          .not_after_us = 6,
                          .not_after_realtime_us = 7,
                          .wait_ms = 7,
                          .detach = TRUE,
                          .input_bytes = -1};

    g_strlcpy(start.id, ID, sizeof(start.id));
    g_autoptr(PstExecStart) read = again(&start);
    g_assert_cmpstr(read->id, ==, ID);
    g_assert_cmpstr(read->boot_id, ==, "boot");
    assert_words(read->argv, argv);
    assert_words(read->env, env);
    g_assert_cmpstr(read->user, ==, "harness");
    g_assert_cmpstr(read->cwd, ==, "/tmp");
    g_assert_cmpstr(read->caller, ==, "uid 0");
    g_assert_cmpint(read->timeout_ms, ==, 5);
    g_assert_cmpint(read->not_after_us, ==, 6);
    g_assert_cmpint(read->not_after_realtime_us, ==, 7);
    g_assert_cmpint(read->wait_ms, ==, 7);
    g_assert_true(read->detach);
    g_assert_false(read->has_input);
    g_assert_cmpint(read->input_bytes, ==, -1);
}

static void
test_refused(void)
{
    assert_refused("\"argv\":[]", "names no program");
    assert_refused("\"argv\":[\"\"]", "names no program");
    assert_refused("\"user\":\"x\"", "names no program");
    assert_refused("\"argv\":[\"a\"],\"argv_b64\":[\"YQ==\"]", "not both");
    assert_refused("\"argv\":[1]", "'argv' is not a list of strings");
    assert_refused("\"argv_b64\":[\"YQ\"]", "'argv_b64' is not base64");
    assert_refused("\"argv_b64\":[\"YQ==YQ==\"]", "'argv_b64' is not base64");
    assert_refused("\"argv_b64\":[\"AA==\"]", "holds a NUL");
    assert_refused("\"argv\":[\"a\"],\"env\":[\"b\"]", "KEY=VALUE");
    assert_refused("\"argv\":[\"a\"],\"env\":[\"=b\"]", "KEY=VALUE");
    assert_refused("\"argv\":[\"a\"],\"cwd\":\"tmp\"", "absolute");
    assert_refused("\"argv\":[\"a\"],\"wait_ms\":-1", "'wait_ms' is not 0 to");
    assert_refused("\"argv\":[\"a\"],\"input_end\":true", "is not 'input'");
    assert_refused("\"argv\":[\"a\"],\"input\":true,\"input_at\":1", "beginning");
    assert_refused("\"argv\":[\"a\"],\"input_sha256\":\"ab\"", "64 hexadecimal digits");
}

/* A piece without a byte is none: what is handed on says the same as what came. */
static void
test_empty_input(void)
{
    static const char text[] =
        "{\"id\":\"" ID "\",\"argv\":[\"a\"],\"timeout_ms\":1,\"input\":true,"
        "\"input_at\":0,\"input_b64\":\"\"}";
    g_autoptr(JsonObject) json = pst_json_parse(text, strlen(text), &pst_validate_from_host, NULL);
    g_auto(PstExecAsk) ask = {.wait_ms = 0};
    g_autoptr(GError) error = NULL;
    g_autoptr(PstExecStart) start = pst_exec_start_read(json, &error);

    g_assert_no_error(error);
    g_assert_null(start->input.data);
    g_autoptr(JsonObject) written = pst_exec_start_params(start);
    g_assert_false(json_object_has_member(written, "input_at"));
    json_object_remove_member(json, "argv");
    g_assert_true(pst_exec_ask_read(json, &ask, &error));
    g_assert_null(ask.input.data);
}

static void
test_page(void)
{
    PstExecPage page = {.state = PST_EXEC_KILLED,
                        .pid = 7,
                        .signal = 9,
                        .why = (char *)"deadline",
                        .took_ms = 8,
                        .input = 9};
    g_autoptr(GError) error = NULL;

    g_strlcpy(page.id, ID, sizeof(page.id));
    page.piece[PST_EXEC_OUT] = (PstExecPiece){10, g_bytes_new_static("\0\xff", 2), FALSE};
    page.piece[PST_EXEC_ERR] = (PstExecPiece){11, NULL, TRUE};
    g_autoptr(JsonObject) json = pst_exec_page_result(&page);
    g_autoptr(PstExecPage) read = pst_exec_page_read(json, &error);
    g_assert_no_error(error);
    g_assert_cmpint(read->state, ==, PST_EXEC_KILLED);
    g_assert_cmpint(read->signal, ==, 9);
    g_assert_cmpstr(read->why, ==, "deadline");
    g_assert_cmpint(read->piece[PST_EXEC_OUT].at, ==, 10);
    g_assert_true(g_bytes_equal(read->piece[PST_EXEC_OUT].data, page.piece[PST_EXEC_OUT].data));
    g_assert_true(read->piece[PST_EXEC_ERR].end);
    g_assert_false(pst_exec_page_is_last(read));
    g_bytes_unref(page.piece[PST_EXEC_OUT].data);
    json_object_set_int_member(json, "signal", 0);
    g_assert_null(pst_exec_page_read(json, NULL));
    json_object_set_string_member(json, "state", "other");
    g_assert_null(pst_exec_page_read(json, NULL));
}

static void
test_text(void)
{
    char *words[] = {(char *)"sh", (char *)"-c", (char *)"echo 'x'\n", NULL};
    g_autofree char *text = pst_exec_words_text(words, 100);
    g_autofree char *cut = pst_exec_words_text(words, 4);

    g_assert_true(g_str_has_prefix(text, "sh -c "));
    g_assert_null(strchr(text, '\n'));
    g_assert_cmpstr(cut, ==, "sh -");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exec/words", test_words);
    g_test_add_func("/exec/whole", test_whole);
    g_test_add_func("/exec/refused", test_refused);
    g_test_add_func("/exec/empty-input", test_empty_input);
    g_test_add_func("/exec/page", test_page);
    g_test_add_func("/exec/text", test_text);
    return g_test_run();
}
