// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What the benchmarks' programs share. They are programs: what goes wrong ends them, with status 1
 * and a line on standard error. */

/* An array of gint64, to be freed with g_array_unref(). */
GArray *pst_bench_times(void);

/* The Q-quantile (0 to 1) of TIMES, which are sorted by it; ends the program where there are none.
 */
gint64 pst_bench_quantile(GArray *times, double q);

void pst_bench_die(const char *what, const GError *error) G_GNUC_NORETURN;

/* The number that TEXT is, 1 to a thousand million. */
int pst_bench_number(const char *text);
