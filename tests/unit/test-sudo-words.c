// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib.h>

#include "guest-shim/sudo-words.h"

/* Every transcript is recognised as what its file says. */
static void
test_transcripts(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "sudo", "transcripts.ini", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    g_assert_cmpuint(g_strv_length(groups), >, 40);
    for (guint i = 0; groups[i] != NULL; i++) {
        g_autofree char *text = g_key_file_get_string(file, groups[i], "stderr", &error);
        g_assert_no_error(error);
        g_autofree char *word = g_key_file_get_string(file, groups[i], "word", &error);
        g_assert_no_error(error);
        const char *got = pst_sudo_words_recognise(text);

        g_test_message("%s", groups[i]);
        g_assert_cmpstr(got != NULL ? got : "", ==, word);
        g_assert_cmpstr(pst_sudo_words_explain(got), !=, "");
        if (got != NULL)
            g_assert_cmpstr(pst_sudo_words_explain(got), !=, pst_sudo_words_explain("nonsense"));
    }
}

static void
test_unknown(void)
{
    g_assert_null(pst_sudo_words_recognise(""));
    g_assert_null(pst_sudo_words_recognise("sudo: something nobody has heard of"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sudo-words/transcripts", test_transcripts);
    g_test_add_func("/sudo-words/unknown", test_unknown);
    return g_test_run();
}
