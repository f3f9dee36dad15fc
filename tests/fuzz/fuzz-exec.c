// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any object as what is asked of a command, and as what is told of one: what was accepted, written
 * and read again is the same, and written anew it is the same text. */
#include <string.h>

#include "protocol/exec.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "tests/fuzz/fuzz.h"

static void
assert_same(JsonObject *one, JsonObject *other)
{
    g_autofree char *left = pst_json_to_text(one, NULL);
    g_autofree char *right = pst_json_to_text(other, NULL);

    g_assert_cmpstr(left, ==, right);
}

static void
try_start(JsonObject *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstExecStart) start = pst_exec_start_read(json, &error);
    gsize bytes = 0, len = 0;

    g_assert_cmpint(start == NULL, ==, error != NULL);
    if (start == NULL)
        return;
    for (guint i = 0; start->argv[i] != NULL; i++)
        bytes += strlen(start->argv[i]) + 1;
    g_assert_cmpuint(bytes, <=, PST_LIMIT_EXEC_WORDS_BYTES);
    g_assert_true(pst_exec_is_id(start->id));
    g_autoptr(JsonObject) written = pst_exec_start_params(start);
    g_autofree char *text = pst_json_to_text(written, &len);
    g_autoptr(JsonObject) parsed = pst_json_parse(text, len, &pst_validate_from_host, &error);
    g_assert_no_error(error); /* whatever it holds, it fits into a frame */
    g_autoptr(PstExecStart) again = pst_exec_start_read(parsed, &error);
    g_assert_no_error(error);
    g_autoptr(JsonObject) rewritten = pst_exec_start_params(again);
    assert_same(written, rewritten);
}

static void
try_ask(JsonObject *json)
{
    g_auto(PstExecAsk) ask = {.wait_ms = 0}, again = {.wait_ms = 0};
    PstExecSignal wish;

    if (pst_exec_signal_read(json, &wish, NULL))
        g_assert_true(wish.signal >= 1 && wish.signal <= 64);
    if (!pst_exec_ask_read(json, &ask, NULL))
        return;
    g_autoptr(JsonObject) written = pst_exec_ask_params(&ask);
    g_assert_true(pst_exec_ask_read(written, &again, NULL));
    g_autoptr(JsonObject) rewritten = pst_exec_ask_params(&again);
    assert_same(written, rewritten);
}

static void
try_page(JsonObject *json)
{
    g_autoptr(PstExecPage) page = pst_exec_page_read(json, NULL);

    if (page == NULL)
        return;
    g_autoptr(JsonObject) written = pst_exec_page_result(page);
    g_autoptr(PstExecPage) again = pst_exec_page_read(written, NULL);
    g_assert_nonnull(again);
    g_autoptr(JsonObject) rewritten = pst_exec_page_result(again);
    assert_same(written, rewritten);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(JsonObject) json =
        pst_json_parse((const char *)data, len, &pst_validate_from_guest, NULL);

    if (json == NULL)
        return 0;
    try_start(json);
    try_ask(json);
    try_page(json);
    return 0;
}
