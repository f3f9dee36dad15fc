// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/console-text.h"

#include <string.h>

/* Both are the kernel's own words on any architecture: kernel/panic.c, init/version.c. */
#define PANIC "Kernel panic - not syncing"
#define START "Linux version "

/* The length of the escape sequence at TEXT, which begins with ESC: ECMA-48 5.4 for CSI, else two
 * bytes. */
static gsize
escape_length(const char *text, gsize len)
{
    gsize i = 2;

    if (len < 2 || text[1] != '[')
        return MIN(len, 2);
    while (i < len && (guchar)text[i] >= 0x20 && (guchar)text[i] <= 0x3f)
        i++;
    return MIN(len, i + 1);
}

static char *
plain(const char *text, gsize len)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (gsize i = 0; i < len && out->len < PST_CONSOLE_TEXT_LINE_BYTES;) {
        if (text[i] == '\033') {
            i += escape_length(text + i, len - i);
            continue;
        }
        if (text[i] != '\r' && text[i] != '\0')
            g_string_append_c(out, text[i]);
        i++;
    }
    g_strchomp(out->str);
    return g_utf8_make_valid(out->str, -1);
}

/* Newer first: the array is turned round in the end. */
static void
take_line(GPtrArray *lines, char **panic, gboolean *started, const char *text, gsize len)
{
    g_autofree char *line = plain(text, len);

    /* The first says why; those after it that it is over. */
    if (!*started && strstr(line, PANIC) != NULL) {
        g_free(*panic);
        *panic = g_strdup(line);
    }
    *started = *started || strstr(line, START) != NULL;
    if (line[0] != '\0' && lines->len < PST_CONSOLE_TEXT_LINES)
        g_ptr_array_add(lines, g_steal_pointer(&line));
}

static char **
turned_round(GPtrArray *lines)
{
    char **out = g_new0(char *, lines->len + 1);

    for (guint i = 0; i < lines->len; i++)
        out[lines->len - 1 - i] = lines->pdata[i];
    return out;
}

PstHostConsole *
pst_console_text_read(const char *bytes, gsize len)
{
    PstHostConsole *console = pst_fields_new(&pst_report_host_console_fields);
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    gboolean started = FALSE;

    while (len > 0) {
        gsize begin = len;
        while (begin > 0 && bytes[begin - 1] != '\n')
            begin--;
        take_line(lines, &console->panic, &started, bytes + begin, len - begin);
        len = begin > 0 ? begin - 1 : 0;
    }
    console->lines = turned_round(lines);
    return console;
}
