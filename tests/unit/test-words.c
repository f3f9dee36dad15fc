// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/words.h"
#include "protocol/error.h"
#include "protocol/json.h"

static char *
list_text(const char *const *texts)
{
    g_autoptr(JsonObject) args = json_object_new();

    for (; *texts != NULL; texts++)
        pst_words_add_list(args, "units", *texts);
    return pst_json_to_text(args, NULL);
}

static void
test_list(void)
{
    static const struct {
        const char *texts[4];
        const char *json;
    } rows[] = {
        {{NULL}, "{}"},
        {{""}, "{}"},
        {{",,"}, "{}"},
        {{"a"}, "{\"units\":[\"a\"]}"},
        {{"a,b", "c"}, "{\"units\":[\"a\",\"b\",\"c\"]}"},
        {{",a,,b,", "", "c"}, "{\"units\":[\"a\",\"b\",\"c\"]}"},
        {{"a b\"c"}, "{\"units\":[\"a b\\\"c\"]}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = list_text(rows[i].texts);
        g_assert_cmpstr(text, ==, rows[i].json);
    }

    g_autoptr(JsonObject) none = json_object_new();
    pst_words_add_list(none, "units", NULL);
    g_assert_cmpuint(json_object_get_size(none), ==, 0);
    const char *const foreign[] = {"\xff,\xc3\xa4", NULL};
    g_autofree char *clean = list_text(foreign);
    g_assert_true(g_utf8_validate(clean, -1, NULL));
}

static void
test_priority(void)
{
    static const struct {
        const char *text;
        gint64 priority; /* -1: none */
    } rows[] = {
        {"emerg", 0}, {"err", 3},   {"warning", 4}, {"debug", 7}, {"0", 0},   {"7", 7},  {"8", -1},
        {"", -1},     {"warn", -1}, {"ERR", -1},    {"03", -1},   {"-1", -1}, {"e", -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gint64 priority = -1;

        g_assert_true(pst_words_parse_priority(rows[i].text, &priority, &error) ==
                      (rows[i].priority >= 0));
        g_assert_cmpint(priority, ==, rows[i].priority);
        if (rows[i].priority < 0)
            g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

static void
test_user(void)
{
    g_autofree char *longest = g_strnfill(255, 'a'), *longer = g_strnfill(256, 'a');
    const char *const good[] = {"root", "a.b-c_d$", "CORP\\user", "user@corp", "ä", "-x", longest};
    const char *const bad[] = {"", "a:b", "a/b", "a\nb", "a\x7f", "\x01", longer};

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(pst_words_check_user(good[i], NULL));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(pst_words_check_user(bad[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/list", test_list);
    g_test_add_func("/words/priority", test_priority);
    g_test_add_func("/words/user", test_user);
    return g_test_run();
}
