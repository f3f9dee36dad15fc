// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"

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

/* Looks the guest up; never NULL. */
PstGuest *pst_bench_open(PstHypervisor *hypervisor, const char *name);

/* Looks the guest up and asks it for PROBE by way of LADDER, giving it LIMIT_US in all. Returns how
 * long that took, in microseconds, and in *via by which rung a report came; PST_VIA_NONE for none.
 * *error (may be NULL) then says why. */
gint64 pst_bench_ask(PstHypervisor *hypervisor, const PstLadder *ladder, const char *name,
                     const char *probe, gint64 limit_us, PstVia *via, GError **error);
