// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/private-lines.h"

#include <string.h>

#include "guest-shim/private-units.h"
#include "guest-shim/redact.h"

#define MAX_WRITER 255
#define MAX_BEFORE 3

static const PstRedactRule rule = {.id = "private-unit"};

static gsize
word_len(const char *text, gsize len)
{
    gsize n = 0;

    while (n < len && text[n] != ' ')
        n++;
    return n;
}

static gsize
skip_word(const char *text, gsize len, gsize at)
{
    at += word_len(text + at, len - at);
    while (at < len && text[at] == ' ')
        at++;
    return at;
}

/* "Nov  8 23:00:00" or "2026-11-28T23:00:00.1+00:00"; the offset behind it, or 0. */
static gsize
skip_time(const char *text, gsize len)
{
    if (len > 16 && g_ascii_isupper(text[0]) && text[3] == ' ' && text[6] == ' ' &&
        text[9] == ':' && text[12] == ':' && text[15] == ' ')
        return 16;
    if (len > 20 && g_ascii_isdigit(text[0]) && text[4] == '-' && text[7] == '-' &&
        text[10] == 'T' && text[13] == ':')
        return skip_word(text, len, 0);
    return 0;
}

/* Where the line's own words begin, and who wrote them: the first of the words behind the time that
 * ends in a colon or has a number in brackets. Before it stand the machine's name, or not, and
 * BusyBox's facility and severity. NULL where there is none. */
static char *
writer_of(const char *text, gsize len, gsize at, gsize *words)
{
    for (guint i = 0; i < MAX_BEFORE && at < len; i++) {
        gsize n = word_len(text + at, len - at);
        const char *end = memchr(text + at, '[', n);

        if (end == NULL && n > 0 && text[at + n - 1] == ':')
            end = memchr(text + at, ':', n);
        if (end != NULL && end > text + at && end - (text + at) <= MAX_WRITER) {
            *words = skip_word(text, len, at);
            return g_strndup(text + at, (gsize)(end - (text + at)));
        }
        at = skip_word(text, len, at);
    }
    return NULL;
}

/* Whether the line is private, and from where on. One without a time goes on with what the line
 * before it said. */
static gboolean
is_private(char **patterns, const char *text, gsize len, gboolean before, gsize *words)
{
    gsize at = skip_time(text, len);

    *words = 0;
    if (at == 0)
        return before;
    g_autofree char *writer = writer_of(text, len, at, words);
    return writer != NULL && pst_private_units_has(patterns, writer);
}

GArray *
pst_private_lines_find(const PstSysroot *sysroot, const char *text, gsize len)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(PstRedactRange));
    g_auto(GStrv) patterns = pst_private_units_read(sysroot, NULL);
    gboolean hidden = FALSE;

    for (gsize at = 0, end; at < len; at = end + 1) {
        const char *feed = memchr(text + at, '\n', len - at);
        gsize words;

        end = feed != NULL ? (gsize)(feed - text) : len;
        hidden = is_private(patterns, text + at, end - at, hidden, &words);
        if (!hidden || at + words >= end)
            continue;
        const PstRedactRange range = {at + words, end, &rule};
        g_array_append_val(ranges, range);
    }
    return ranges;
}
