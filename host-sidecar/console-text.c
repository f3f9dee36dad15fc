// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/console-text.h"

#include <string.h>

/* The kernel's own words on any architecture: kernel/panic.c, init/version.c. */
#define PANIC "Kernel panic - not syncing"
#define END "end " PANIC
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

/* printk.time of a line, "[   12.345678]", in whole seconds; -1 where it has none. */
static gint64
clock_of(const char *line)
{
    for (const char *at = strchr(line, '['); at != NULL; at = strchr(at + 1, '[')) {
        const char *digits = at + 1 + strspn(at + 1, " ");
        gsize n = strspn(digits, "0123456789");
        gsize n_fraction = digits[n] == '.' ? strspn(digits + n + 1, "0123456789") : 0;

        if (n > 0 && n < 12 && n_fraction > 0 && digits[n + 1 + n_fraction] == ']')
            return g_ascii_strtoll(digits, NULL, 10);
    }
    return -1;
}

typedef struct {
    GPtrArray *lines;
    char *panic;
    gint64 panic_clock;
    gboolean ended, went_on;
} Reader;

static void
begin_panic(Reader *reader, const char *line)
{
    g_free(reader->panic);
    reader->panic = g_strdup(line);
    reader->panic_clock = clock_of(line);
    reader->ended = reader->went_on = FALSE;
}

/* Others may still write while the kernel stops them: what stands before its end is of the panic.
 * Of what comes after it, the kernel's own complaints go on with its clock; a kernel that was
 * started again has another. One without a clock is known by its end alone. */
static gboolean
is_of_panic(const Reader *reader, const char *line)
{
    if (reader->panic_clock < 0)
        return !reader->ended;
    return clock_of(line) + 1 >= MAX(reader->panic_clock, 1);
}

static void
take_panic(Reader *reader, const char *line)
{
    if (strstr(line, START) != NULL) {
        g_clear_pointer(&reader->panic, g_free);
    } else if (strstr(line, END) != NULL) {
        if (reader->panic == NULL)
            begin_panic(reader, line);
        reader->ended = TRUE;
        reader->went_on = FALSE;
    } else if (strstr(line, PANIC) != NULL) {
        begin_panic(reader, line);
    } else if (reader->panic != NULL && line[0] != '\0' && !is_of_panic(reader, line)) {
        reader->went_on = TRUE;
    }
}

static void
take_line(Reader *reader, const char *text, gsize len)
{
    g_autofree char *line = plain(text, len);

    take_panic(reader, line);
    if (line[0] == '\0')
        return;
    if (reader->lines->len == PST_CONSOLE_TEXT_LINES)
        g_free(g_ptr_array_steal_index(reader->lines, 0));
    g_ptr_array_add(reader->lines, g_steal_pointer(&line));
}

PstHostConsole *
pst_console_text_read(const char *bytes, gsize len)
{
    PstHostConsole *console = pst_fields_new(&pst_report_host_console_fields);
    Reader reader = {.lines = g_ptr_array_new()};

    for (gsize i = 0; i < len;) {
        const char *end = memchr(bytes + i, '\n', len - i);
        gsize n = end != NULL ? (gsize)(end - bytes) - i : len - i;

        take_line(&reader, bytes + i, n);
        i += n + 1;
    }
    console->panic = reader.panic;
    if (reader.panic != NULL)
        console->went_on = PST_TRI(reader.went_on);
    g_ptr_array_add(reader.lines, NULL);
    console->lines = (char **)g_ptr_array_free(reader.lines, FALSE);
    return console;
}
