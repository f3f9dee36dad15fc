// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

GArray *
pst_bench_times(void)
{
    return g_array_new(FALSE, FALSE, sizeof(gint64));
}

static int
compare(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

gint64
pst_bench_quantile(GArray *times, double q)
{
    if (times->len == 0)
        pst_bench_die("nothing was measured", NULL);
    g_array_sort(times, compare);
    return g_array_index(times, gint64, (guint)(q * (times->len - 1) + 0.5));
}

void
pst_bench_die(const char *what, const GError *error)
{
    fprintf(stderr, "%s: %s%s%s\n", program_invocation_short_name, what, error != NULL ? ": " : "",
            error != NULL ? error->message : "");
    exit(1);
}

int
pst_bench_number(const char *text)
{
    guint64 number = 0;
    g_autoptr(GError) error = NULL;

    if (!g_ascii_string_to_unsigned(text, 10, 1, 1000 * 1000 * 1000, &number, &error))
        pst_bench_die("usage", error);
    return (int)number;
}
