// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/console-text.h"

static PstHostConsole *
read_text(const char *text)
{
    return pst_console_text_read(text, strlen(text));
}

static void
free_console(PstHostConsole *console)
{
    pst_fields_free(&pst_report_host_console_fields, console);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHostConsole, free_console)

static void
test_lines(void)
{
    g_autoptr(PstHostConsole) console =
        read_text("\033[2J\033[01;01HSeaBIOS\r\n\r\n\033]x[    0.1] Linux version 6.1\r\nlogin: ");

    g_assert_cmpuint(g_strv_length(console->lines), ==, 3);
    g_assert_cmpstr(console->lines[0], ==, "SeaBIOS");
    g_assert_cmpstr(console->lines[1], ==, "x[    0.1] Linux version 6.1");
    g_assert_cmpstr(console->lines[2], ==, "login:");
    g_assert_null(console->panic);
    g_assert_cmpint(console->age_ms, ==, PST_INT_UNKNOWN);
}

/* The first line of the last panic, and none of a kernel that was started again since. */
static void
test_panic(void)
{
    g_autoptr(PstHostConsole) panicked =
        read_text("Linux version 6.1\nKernel panic - not syncing: old\nLinux version 6.1\n"
                  "Kernel panic - not syncing: new\ntrace\n"
                  "---[ end Kernel panic - not syncing: new ]---\n");
    g_autoptr(PstHostConsole) restarted =
        read_text("Kernel panic - not syncing: old\nLinux version 6.1\n");
    g_autoptr(PstHostConsole) cut = read_text("c - not syncing: x\n");

    g_assert_cmpstr(panicked->panic, ==, "Kernel panic - not syncing: new");
    g_assert_null(restarted->panic);
    g_assert_null(cut->panic);
}

/* A kernel that starts quietly does not say its name: the newest panic is quoted all the same, by
 * its first line, and what came after it is told from what is its own. */
static void
test_newest(void)
{
    static const struct {
        const char *text, *panic;
        PstTri went_on;
    } cases[] = {
        {"login: ", NULL, PST_TRI_UNKNOWN},
        {"Kernel panic - not syncing: old\nlogin: \nKernel panic - not syncing: new\ntrace\n"
         "---[ end Kernel panic - not syncing: new ]---\n",
         "Kernel panic - not syncing: new", PST_TRI_NO},
        {"Kernel panic - not syncing: old\n---[ end Kernel panic - not syncing: old ]---\n"
         "SeaBIOS\nKernel panic - not syncing: new\n",
         "Kernel panic - not syncing: new", PST_TRI_NO},
        {"trace\n---[ end Kernel panic - not syncing: cut ]---\n",
         "---[ end Kernel panic - not syncing: cut ]---", PST_TRI_NO},
        {"Kernel panic - not syncing: x\n---[ end Kernel panic - not syncing: x ]---\nlogin: ",
         "Kernel panic - not syncing: x", PST_TRI_YES},
        {"Kernel panic - not syncing: x\nCPU: 0\n", "Kernel panic - not syncing: x", PST_TRI_NO},
        {"[   54.31] Kernel panic - not syncing: x\n[   54.32] CPU: 0\n\n",
         "[   54.31] Kernel panic - not syncing: x", PST_TRI_NO},
        {"[   54.31] Kernel panic - not syncing: x\n/dev/vda1: clean\n",
         "[   54.31] Kernel panic - not syncing: x", PST_TRI_YES},
        {"[   54.31] Kernel panic - not syncing: x\n[  OK  ] Started it\n"
         "[   54.9] ---[ end Kernel panic - not syncing: x ]---\n[   55.0] WARNING: CPU: 0\n",
         "[   54.31] Kernel panic - not syncing: x", PST_TRI_NO},
        {"[   54.31] Kernel panic - not syncing: x\n"
         "[   54.9] ---[ end Kernel panic - not syncing: x ]---\n[    2.5] of another start\n",
         "[   54.31] Kernel panic - not syncing: x", PST_TRI_YES},
        {"login: [   54.31][    T1] Kernel panic - not syncing: x\n[   54.32][    T1] CPU: 0\n",
         "login: [   54.31][    T1] Kernel panic - not syncing: x", PST_TRI_NO},
        {"Kernel panic - not syncing: x\nlogin: \nLinux version 6.1\nlogin: ", NULL,
         PST_TRI_UNKNOWN},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PstHostConsole) console = read_text(cases[i].text);

        g_test_message("%u", i);
        g_assert_cmpstr(console->panic, ==, cases[i].panic);
        g_assert_cmpint(console->went_on, ==, cases[i].went_on);
    }
}

/* Of more lines than are kept, the last ones. */
static void
test_last_lines(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < 2 * PST_CONSOLE_TEXT_LINES; i++)
        g_string_append_printf(text, "%u\n", i);
    g_autoptr(PstHostConsole) console = pst_console_text_read(text->str, text->len);
    g_assert_cmpuint(g_strv_length(console->lines), ==, PST_CONSOLE_TEXT_LINES);
    g_assert_cmpstr(console->lines[0], ==, "30");
    g_assert_cmpstr(console->lines[PST_CONSOLE_TEXT_LINES - 1], ==, "59");
}

/* Bounded, whatever the guest writes, and valid text. */
static void
test_hostile(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < 1000; i++) {
        for (guint j = 0; j < 1000; j++)
            g_string_append_c(text, (char)(j * 7 + i));
        g_string_append(text, "\033[999999;\n\033");
    }
    g_autoptr(PstHostConsole) console = pst_console_text_read(text->str, text->len);
    g_assert_cmpuint(g_strv_length(console->lines), ==, PST_CONSOLE_TEXT_LINES);
    for (char **line = console->lines; *line != NULL; line++) {
        g_assert_true(g_utf8_validate(*line, -1, NULL));
        g_assert_null(strchr(*line, '\033'));
        /* Each byte that is no text may become three. */
        g_assert_cmpuint(strlen(*line), <=, 3 * PST_CONSOLE_TEXT_LINE_BYTES);
    }
    g_autoptr(PstHostConsole) empty = read_text("");
    g_assert_cmpuint(g_strv_length(empty->lines), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console-text/lines", test_lines);
    g_test_add_func("/console-text/panic", test_panic);
    g_test_add_func("/console-text/newest", test_newest);
    g_test_add_func("/console-text/last-lines", test_last_lines);
    g_test_add_func("/console-text/hostile", test_hostile);
    return g_test_run();
}
