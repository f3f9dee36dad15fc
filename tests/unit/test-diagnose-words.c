// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diagnose-words.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* Parses the line as a verb does that has an option of its own before those. */
static void
parse(const char *line, PstDiagnoseWords *words, char **own)
{
    GOptionEntry entries[1 + PST_DIAGNOSE_WORDS_N_ENTRIES + 1] = {
        {"own", 0, 0, G_OPTION_ARG_STRING, own, "", ""},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autofree char *command = g_strconcat("verb ", line, NULL);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;

    pst_diagnose_words_entries(words, entries + 1);
    g_option_context_add_main_entries(context, entries, NULL);
    g_assert_true(g_shell_parse_argv(command, NULL, &argv, NULL));
    g_option_context_parse_strv(context, &argv, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(argv), ==, 1);
}

static void
test_read(void)
{
    static const struct {
        const char *line;
        const char *vantage; /* NULL: wrong */
        gboolean passive;
        const char *units, *own;
    } rows[] = {
        {"", "{}", FALSE, NULL, NULL},
        {"--passive", "{}", TRUE, NULL, NULL},
        {"--units a.service,b.service", "{}", FALSE, "a.service,b.service", NULL},
        {"--user harness", "{\"user\":\"harness\"}", FALSE, NULL, NULL},
        {"--own x --units a --passive -u harness --from 192.0.2.7 --port 22 --key SHA256:abc "
         "--command 'ls /root'",
         "{\"user\":\"harness\",\"from\":\"192.0.2.7\",\"port\":22,\"key\":\"SHA256:abc\","
         "\"command\":[\"ls\",\"/root\"]}",
         TRUE, "a", "x"},
        {"--user a:b", NULL, FALSE, NULL, NULL},
        {"--passive --from host.example", NULL, FALSE, NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(PstDiagnoseWords) words = {0};
        g_autofree char *own = NULL;
        g_autoptr(GError) error = NULL;
        PstDiagnoseWish wish;

        g_test_message("%s", rows[i].line);
        parse(rows[i].line, &words, &own);
        gboolean read = pst_diagnose_words_read(&words, &wish, &error);
        g_assert_cmpint(read, ==, rows[i].vantage != NULL);
        if (!read) {
            g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
            continue;
        }
        g_autofree char *vantage = pst_json_to_text(wish.vantage, NULL);
        g_assert_cmpstr(vantage, ==, rows[i].vantage);
        g_assert_cmpint(wish.passive, ==, rows[i].passive);
        g_assert_cmpstr(wish.units, ==, rows[i].units);
        g_assert_null(wish.probes);
        g_assert_cmpstr(own, ==, rows[i].own);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnose-words/read", test_read);
    return g_test_run();
}
