// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/shell-word.h"

#include <string.h>

static const struct {
    const char *word, *expected;
} rows[] = {
    {"/etc/sudoers.d/harness", "/etc/sudoers.d/harness"},
    {"", "''"},
    {"/etc/a b", "'/etc/a b'"},
    {"/etc/x;reboot", "'/etc/x;reboot'"},
    {"dev-disk-by\\x2duuid.device", "'dev-disk-by\\x2duuid.device'"},
    {"DOMAIN\\user", "'DOMAIN\\user'"},
    {"it's", "'it'\\''s'"},
    {"/caf\303\251", "'/caf\303\251'"},
    /* A line's end, a control sequence, what turns the direction of writing, and no UTF-8. */
    {"a\nb", "$'a\\012b'"},
    {"\033[2J", "$'\\033\\1332J'"},
    {"\342\200\256txt", "$'\\342\\200\\256txt'"},
    {"\342\200\250", "$'\\342\\200\\250'"},
    {"\377", "$'\\377'"},
};

static void
test_table(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *word = pst_shell_word(rows[i].word);
        g_assert_cmpstr(word, ==, rows[i].expected);
    }
}

/* What a shell makes of it is the word itself, byte for byte. */
static void
test_shell(void)
{
    for (guint byte = 1; byte < 0x100; byte++) {
        const char name[] = {'a', (char)byte, '$', '\'', (char)byte, 'b', '\0'};
        g_autofree char *word = pst_shell_word(name);
        g_autofree char *line = g_strdup_printf("printf %%s %s", word);
        const char *const argv[] = {"/bin/bash", "-c", line, NULL};
        g_autofree char *out = NULL;
        g_autoptr(GError) error = NULL;
        int status = -1;

        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                     &error);
        g_assert_no_error(error);
        g_assert_cmpint(status, ==, 0);
        g_assert_cmpstr(out, ==, name);
        g_assert_null(strpbrk(word, "\n\033\177"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shell-word/table", test_table);
    g_test_add_func("/shell-word/shell", test_shell);
    return g_test_run();
}
