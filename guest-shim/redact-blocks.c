// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

/* Words between the parts of a marker, as in "BEGIN RSA PRIVATE KEY". */
#define MAX_GAP 64

typedef struct {
    gsize start, end;
    gboolean begins;
    const PstRedactRule *rule;
} Marker;

/* Skips what a star stands for up to PART; the offset behind it, or 0. */
static gsize
match_gap(const char *text, gsize len, gsize at, const char *part, gsize part_len)
{
    for (gsize gap = 0; gap <= MAX_GAP && at + part_len <= len; gap++, at++) {
        if (memcmp(text + at, part, part_len) == 0)
            return at + part_len;
        if (!g_ascii_isalnum(text[at]) && strchr(" _.#", text[at]) == NULL)
            return 0;
    }
    return 0;
}

/* The offset behind PATTERN, whose first part stands at START already; 0 where the rest differs. */
static gsize
match(const char *text, gsize len, gsize start, const char *pattern)
{
    gsize at = start + strcspn(pattern, "*");

    for (const char *star = strchr(pattern, '*'); star != NULL; star = strchr(star + 1, '*')) {
        at = match_gap(text, len, at, star + 1, strcspn(star + 1, "*"));
        if (at == 0)
            return 0;
    }
    return at;
}

static void
find_markers(const char *text, gsize len, const PstRedactRule *rule, const char *pattern,
             gboolean begins, GArray *markers)
{
    gsize first = strcspn(pattern, "*");
    const char *found = text;

    while ((found = memmem(found, (gsize)(text + len - found), pattern, first)) != NULL) {
        gsize start = (gsize)(found - text);
        gsize end = match(text, len, start, pattern);

        if (end > 0) {
            Marker marker = {start, end, begins, rule};
            g_array_append_val(markers, marker);
        }
        found++;
    }
}

static gint
by_start(gconstpointer a, gconstpointer b)
{
    const Marker *left = a, *right = b;

    return left->start < right->start ? -1 : left->start > right->start;
}

static GArray *
all_markers(const char *text, gsize len)
{
    GArray *markers = g_array_new(FALSE, FALSE, sizeof(Marker));

    for (guint i = 0; i < pst_redact_rules_n; i++) {
        const PstRedactRule *rule = &pst_redact_rules[i];

        if (rule->kind != PST_REDACT_BLOCK)
            continue;
        for (guint j = 0; rule->begin[j] != NULL; j++)
            find_markers(text, len, rule, rule->begin[j], TRUE, markers);
        for (guint j = 0; rule->end[j] != NULL; j++)
            find_markers(text, len, rule, rule->end[j], FALSE, markers);
    }
    g_array_sort(markers, by_start);
    return markers;
}

/* A beginning without an end, and an end without a beginning, take with them as much as a key can
 * be long: what can't be told from a key is taken for one. */
void
pst_redact_blocks(PstRedactScan *scan)
{
    g_autoptr(GArray) markers = all_markers(scan->text, scan->len);
    const Marker *open = NULL;
    gsize closed = 0;

    for (guint i = 0; i < markers->len; i++) {
        const Marker *marker = &g_array_index(markers, Marker, i);

        if (open != NULL && marker->start > open->start + PST_REDACT_BEFORE) {
            closed = open->start + PST_REDACT_BEFORE;
            pst_redact_parts_add(scan, open->start, closed, open->rule);
            open = NULL;
        }
        if (marker->begins) {
            open = open != NULL ? open : marker;
            continue;
        }
        gsize start = marker->start > PST_REDACT_BEFORE ? marker->start - PST_REDACT_BEFORE : 0;
        pst_redact_parts_add(scan, open != NULL ? open->start : MAX(start, closed), marker->end,
                             marker->rule);
        closed = marker->end;
        open = NULL;
    }
    if (open != NULL)
        pst_redact_parts_add(scan, open->start, MIN(scan->len, open->start + PST_REDACT_BEFORE),
                             open->rule);
}

gboolean
pst_redact_blocks_backwards(const char *text, gsize len)
{
    g_autoptr(GArray) markers = all_markers(text, len);

    if (markers->len == 0 || g_array_index(markers, Marker, 0).begins)
        return FALSE;
    for (guint i = 1; i < markers->len; i++)
        if (g_array_index(markers, Marker, i).begins)
            return TRUE;
    return FALSE;
}
