// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/escape.h"

/* https://www.unicode.org/reports/tr9/: marks, embeddings, overrides and isolates of direction. */
static gboolean
is_direction(gunichar c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* https://www.unicode.org/faq/private_use.html#nonchar1 */
static gboolean
is_noncharacter(gunichar c)
{
    return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
}

static gboolean
is_obeyed(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || is_direction(c) || c == 0x2028 || c == 0x2029 ||
           c == 0xFEFF || is_noncharacter(c) || g_unichar_type(c) == G_UNICODE_FORMAT;
}

static void
append_escaped(GString *out, gunichar c)
{
    if (c == '\n')
        g_string_append(out, "\\n");
    else if (c == '\t')
        g_string_append(out, "\\t");
    else if (c < 0x100)
        g_string_append_printf(out, "\\x%02x", c);
    else
        g_string_append_printf(out, "\\u{%04x}", c);
}

char *
pst_escape_text(const char *text, gboolean keep_lines)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (guint8)*text++);
            continue;
        }
        if (is_obeyed(c) && !(keep_lines && (c == '\n' || c == '\t')))
            append_escaped(out, c);
        else
            g_string_append_unichar(out, c);
        text = g_utf8_next_char(text);
    }
    return g_string_free(out, FALSE);
}

char *
pst_escape_json(const char *json)
{
    GString *out = g_string_new(NULL);

    for (; *json != '\0'; json = g_utf8_next_char(json)) {
        gunichar c = g_utf8_get_char(json);

        /* Below 0x20 only the white space between tokens can be left in a JSON text. */
        if (c < 0x20 || !is_obeyed(c))
            g_string_append_unichar(out, c);
        else if (c < 0x10000)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_printf(out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10),
                                   0xDC00 + ((c - 0x10000) & 0x3FF));
    }
    return g_string_free(out, FALSE);
}
