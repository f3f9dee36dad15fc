// SPDX-License-Identifier: LGPL-2.1-or-later
/* The end of a console's log is a bounded number of bounded lines of valid text. */
#include <string.h>

#include "host-sidecar/console-text.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    /* Of the exact size, so that the address sanitizer sees a read beyond it. */
    g_autofree char *copy = len > 0 ? g_memdup2(data, len) : g_new(char, 1);
    PstHostConsole *console = pst_console_text_read(copy, len);

    g_assert_cmpuint(g_strv_length(console->lines), <=, PST_CONSOLE_TEXT_LINES);
    for (char **line = console->lines; *line != NULL; line++) {
        g_assert_true(g_utf8_validate(*line, -1, NULL));
        g_assert_cmpuint(strlen(*line), <=, 3 * PST_CONSOLE_TEXT_LINE_BYTES);
        g_assert_null(strpbrk(*line, "\n\r\033"));
    }
    if (console->panic != NULL)
        g_assert_nonnull(strstr(console->panic, "Kernel panic"));
    pst_fields_free(&pst_report_host_console_fields, console);
    return 0;
}
