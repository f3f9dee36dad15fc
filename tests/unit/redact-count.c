// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prints what redaction would take out of the texts named: file, rule and the line's beginning,
 * then `sum FILES BYTES RANGES`. Files with NUL bytes are no texts. */
#include <stdio.h>
#include <string.h>

#include "guest-shim/redact.h"

#define SHOWN 120

static gsize
line_start(const char *text, gsize at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

static void
show(const char *path, const char *text, const PstRedactRange *range)
{
    gsize start = MAX(line_start(text, range->start), range->start - MIN(range->start, SHOWN));
    g_autofree char *line = g_strndup(text + start, MIN(range->end - start, 2 * SHOWN));

    g_strdelimit(line, "\n\t\r", ' ');
    printf("%s\t%s\t%s\n", path, range->rule->id, line);
}

int
main(int argc, char **argv)
{
    gsize bytes = 0;
    guint files = 0, found = 0;

    for (int i = 1; i < argc; i++) {
        g_autofree char *text = NULL;
        gsize len;

        if (!g_file_get_contents(argv[i], &text, &len, NULL) || memchr(text, '\0', len) != NULL)
            continue;
        g_autoptr(GArray) ranges = pst_redact_find(text, len, FALSE);
        for (guint j = 0; j < ranges->len; j++)
            show(argv[i], text, &g_array_index(ranges, PstRedactRange, j));
        files++;
        bytes += len;
        found += ranges->len;
    }
    printf("sum %u %" G_GSIZE_FORMAT " %u\n", files, bytes, found);
    return 0;
}
