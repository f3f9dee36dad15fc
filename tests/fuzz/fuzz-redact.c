// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text, redacted: the ranges are in order and within it, what is left does not grow beyond
 * bounds, two pages hold what the whole holds, and what is redacted already stays as it is. The
 * first byte says where the pages part, and whether the text is a command line. */
#include <string.h>

#include "guest-shim/redact.h"
#include "tests/fuzz/fuzz.h"

/* "[redacted:", the longest rule's name, "]", in place of one byte. */
#define MAX_GROWTH 40

static void
check_ranges(const char *text, gsize len, gboolean argv)
{
    g_autoptr(GArray) ranges = pst_redact_find(text, len, argv);
    gsize done = 0;

    for (guint i = 0; i < ranges->len; i++) {
        const PstRedactRange *range = &g_array_index(ranges, PstRedactRange, i);

        g_assert_cmpuint(range->start, >=, done);
        g_assert_cmpuint(range->end, >, range->start);
        g_assert_cmpuint(range->end, <=, len);
        done = range->end;
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    const char *text = (const char *)data + 1;
    guint n, first, second;

    if (len < 1)
        return 0;
    len--;
    check_ranges(text, len, TRUE);
    check_ranges(text, len, FALSE);

    gsize split = len * data[0] / 255;
    g_autoptr(GString) whole = pst_redact_part(text, len, 0, len, NULL, &n);
    g_autoptr(GString) before = pst_redact_part(text, len, 0, split, NULL, &first);
    g_autoptr(GString) after = pst_redact_part(text, len, split, len, NULL, &second);
    g_assert_cmpuint(whole->len, <=, len + n * MAX_GROWTH);
    g_assert_cmpuint(n, <=, first + second);
    g_assert_cmpuint(first + second, <=, n + 1);
    g_assert_cmpuint(before->len + after->len, <=, whole->len + MAX_GROWTH);
    return 0;
}
