// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/redact-parts.h"

#include <string.h>

#define MARK "[redacted:"

gboolean
pst_redact_parts_is_done(const PstRedactScan *scan, gsize start)
{
    return scan->len - start >= strlen(MARK) && memcmp(scan->text + start, MARK, strlen(MARK)) == 0;
}

void
pst_redact_parts_add(PstRedactScan *scan, gsize start, gsize end, const PstRedactRule *rule)
{
    PstRedactRange range = {start, end, rule};

    if (end > start && !pst_redact_parts_is_done(scan, start))
        g_array_append_val(scan->ranges, range);
}

gsize
pst_redact_parts_line_end(const PstRedactScan *scan, gsize from)
{
    const char *end = memchr(scan->text + from, '\n', scan->len - from);

    return end != NULL ? (gsize)(end - scan->text) : scan->len;
}

GString *
pst_redact_parts_cut(const char *text, gsize from, gsize to, const GArray *ranges, guint *n)
{
    GString *out = g_string_sized_new(to - from);
    gsize done = from;

    *n = 0;
    for (guint i = 0; i < ranges->len; i++) {
        const PstRedactRange *range = &g_array_index(ranges, PstRedactRange, i);

        if (range->end <= from || range->start >= to)
            continue;
        if (range->start > done)
            g_string_append_len(out, text + done, (gssize)(range->start - done));
        g_string_append_printf(out, MARK "%s]", range->rule->id);
        done = MIN(range->end, to);
        (*n)++;
    }
    g_string_append_len(out, text + done, (gssize)(to - done));
    return out;
}
