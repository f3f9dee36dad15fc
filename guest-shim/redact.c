// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/redact.h"

#include <string.h>

#include "guest-shim/redact-parts.h"

static gint
by_start(gconstpointer a, gconstpointer b)
{
    const PstRedactRange *left = a, *right = b;

    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    if (left->end != right->end)
        return left->end > right->end ? -1 : 1;
    return left->rule < right->rule ? -1 : left->rule > right->rule;
}

/* What overlaps or touches becomes one, under the name of what begins first. */
static void
merge(GArray *ranges)
{
    guint n = 0;

    g_array_sort(ranges, by_start);
    for (guint i = 0; i < ranges->len; i++) {
        PstRedactRange range = g_array_index(ranges, PstRedactRange, i);
        PstRedactRange *last = n > 0 ? &g_array_index(ranges, PstRedactRange, n - 1) : NULL;

        if (last != NULL && range.start < last->end)
            last->end = MAX(last->end, range.end);
        else
            g_array_index(ranges, PstRedactRange, n++) = range;
    }
    g_array_set_size(ranges, n);
}

GArray *
pst_redact_find(const char *text, gsize len, gboolean argv)
{
    static void (*const kinds[])(PstRedactScan *) = {pst_redact_blocks,   pst_redact_tokens,
                                                     pst_redact_words,    pst_redact_names,
                                                     pst_redact_commands, pst_redact_urls};
    PstRedactScan scan = {
        .text = text,
        .len = len,
        .argv = argv,
        .ranges = g_array_new(FALSE, FALSE, sizeof(PstRedactRange)),
    };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        kinds[i](&scan);
    merge(scan.ranges);
    return scan.ranges;
}

GString *
pst_redact_part(const char *text, gsize len, gsize from, gsize to, const GArray *also, guint *n)
{
    g_autoptr(GArray) ranges = pst_redact_find(text, len, FALSE);
    guint count;

    if (also != NULL && also->len > 0) {
        g_array_append_vals(ranges, also->data, also->len);
        merge(ranges);
    }
    GString *out = pst_redact_parts_cut(text, from, to, ranges, &count);

    if (n != NULL)
        *n = count;
    return out;
}

char *
pst_redact_text(const char *text)
{
    gsize len = strlen(text);
    guint n;
    GString *out = pst_redact_part(text, len, 0, len, NULL, &n);

    return g_string_free(out, n == 0);
}
