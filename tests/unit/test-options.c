// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/options.h"
#include "protocol/error.h"

static void
test_span(void)
{
    static const struct {
        const char *text;
        gint64 us; /* -1: not a span */
    } rows[] = {
        {"500ms", 500000},
        {"10s", 10000000},
        {"10", 10000000},
        {"2min", 120000000},
        {"1h", 3600000000},
        {"3d", 259200000000},
        {"0", 0},
        {"1000000d", 86400000000000000},
        {"", -1},
        {"s", -1},
        {"-5s", -1},
        {"+5s", -1},
        {" 5s", -1},
        {"5 s", -1},
        {"5S", -1},
        {"5m", -1},
        {"1.5s", -1},
        {"0x10", -1},
        {"5s ", -1},
        {"1000001s", -1},
        {"99999999999999999999999s", -1},
        {"5min3s", -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gint64 us = -1;

        g_assert_true(pst_options_parse_span(rows[i].text, &us, &error) == (rows[i].us >= 0));
        g_assert_cmpint(us, ==, rows[i].us);
        if (rows[i].us < 0)
            g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

/* Parses WORDS behind the verb; one argument to three are allowed. */
static gboolean
parse(PstOptions *options, const char *words, int *argc, GError **error)
{
    g_auto(GStrv) argv = g_strsplit(words, " ", -1);
    g_autofree char **shifted = g_memdup2(argv, (g_strv_length(argv) + 1) * sizeof(char *));
    char **rest = shifted;

    *argc = (int)g_strv_length(argv);
    return pst_options_parse(options, "verb", "DOMAIN", "What it does.", NULL, 1, 3, argc, &rest,
                             error);
}

static void
test_good(void)
{
    g_auto(PstOptions) options = {0};
    int argc = 0;

    g_assert_true(
        parse(&options, "verb dom --json -o /x -q --deadline 3s -c test:///x y", &argc, NULL));
    g_assert_true(options.json);
    g_assert_true(options.quiet);
    g_assert_cmpstr(options.output, ==, "/x");
    g_assert_cmpstr(options.connect, ==, "test:///x");
    g_assert_cmpint(options.deadline_us, ==, 3000000);
    g_assert_cmpint(argc, ==, 3);

    g_auto(PstOptions) plain = {0};
    g_assert_true(parse(&plain, "verb dom", &argc, NULL));
    g_assert_cmpint(plain.deadline_us, ==, 10000000);
    g_assert_false(plain.json);
}

static void
test_bad(void)
{
    static const struct {
        const char *words, *says;
    } rows[] = {
        {"verb", "usage: postern verb DOMAIN [options]"},
        {"verb a b c d", "usage: postern verb DOMAIN [options]"},
        {"verb dom --colour", "verb: Unknown option --colour; see postern verb --help"},
        {"verb dom --output", "verb: Missing argument for --output; see postern verb --help"},
        {"verb dom --deadline 61s", "--deadline 61s: say more than 0 and at most 60s"},
        {"verb dom --deadline 0", "--deadline 0: say more than 0 and at most 60s"},
        {"verb dom --deadline soon",
         "'soon' is not a span of time: say 500ms, 10s, 2min, 1h or 3d"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(PstOptions) options = {0};
        g_autoptr(GError) error = NULL;
        int argc = 0;

        g_assert_false(parse(&options, rows[i].words, &argc, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_cmpstr(error->message, ==, rows[i].says);
    }
}

static void
test_no_arguments(void)
{
    g_auto(PstOptions) options = {0};
    g_autoptr(GError) error = NULL;
    char *words[] = {(char *)"list", (char *)"x", NULL}, **argv = words;
    int argc = 2;

    g_assert_false(pst_options_parse(&options, "list", "", "x", NULL, 0, 0, &argc, &argv, &error));
    g_assert_cmpstr(error->message, ==, "usage: postern list [options]");
}

/* Of a verb that takes longer than others. */
static void
test_own_deadline(void)
{
    const gint64 s = G_USEC_PER_SEC;
    g_auto(PstOptions) plain = {.default_deadline_us = 120 * s, .longest_deadline_us = 3600 * s};
    g_auto(PstOptions) longest = {.longest_deadline_us = 3600 * s};
    g_auto(PstOptions) longer = {.longest_deadline_us = 3600 * s};
    g_autoptr(GError) error = NULL;
    int argc = 0;

    g_assert_true(parse(&plain, "verb dom", &argc, NULL));
    g_assert_cmpint(plain.deadline_us, ==, 120 * s);
    g_assert_true(parse(&longest, "verb dom --deadline 1h", &argc, NULL));
    g_assert_cmpint(longest.deadline_us, ==, 3600 * s);
    g_assert_false(parse(&longer, "verb dom --deadline 3601s", &argc, &error));
    g_assert_cmpstr(error->message, ==, "--deadline 3601s: say more than 0 and at most 3600s");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/span", test_span);
    g_test_add_func("/options/good", test_good);
    g_test_add_func("/options/bad", test_bad);
    g_test_add_func("/options/no-arguments", test_no_arguments);
    g_test_add_func("/options/own-deadline", test_own_deadline);
    return g_test_run();
}
