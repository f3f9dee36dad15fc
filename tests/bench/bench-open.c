// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-open GUEST ROUNDS: what comes before the first question. Looking the guest up, opening its
 * channel with the hello, closing it. Prints one JSON object of medians. */
#include <stdio.h>

#include "host-sidecar/guest-channel.h"
#include "tests/bench/bench-guest.h"

#define DEADLINE_US (10 * G_USEC_PER_SEC)

typedef enum { LOOKUP, OPEN, CLOSE, ALL, N_STEPS } Step;

static void
measure(PstHypervisor *hypervisor, const char *name, GArray *const *times)
{
    g_autoptr(GError) error = NULL;
    gint64 at_us[N_STEPS + 1] = {g_get_monotonic_time()};
    g_autoptr(PstGuest) guest = pst_bench_guest_open(hypervisor, name);

    at_us[1] = g_get_monotonic_time();
    PstChannel *channel = pst_guest_channel_open(guest, at_us[1] + DEADLINE_US, &error);
    if (channel == NULL)
        pst_bench_die(name, error);
    at_us[2] = g_get_monotonic_time();
    pst_channel_free(channel);
    at_us[3] = g_get_monotonic_time();

    for (int i = 0; i < ALL; i++) {
        gint64 took_us = at_us[i + 1] - at_us[i];
        g_array_append_val(times[i], took_us);
    }
    gint64 all_us = at_us[3] - at_us[0];
    g_array_append_val(times[ALL], all_us);
}

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    GArray *times[N_STEPS];

    if (argc != 3) {
        fprintf(stderr, "usage: bench-open GUEST ROUNDS\n");
        return 64;
    }
    for (int i = 0; i < N_STEPS; i++)
        times[i] = pst_bench_times();
    for (int i = pst_bench_number(argv[2]); i > 0; i--)
        measure(hypervisor, argv[1], times);
    printf("{\"lookup_us\":%ld,\"open_us\":%ld,\"close_us\":%ld,\"all_us\":%ld}\n",
           pst_bench_quantile(times[LOOKUP], 0.5), pst_bench_quantile(times[OPEN], 0.5),
           pst_bench_quantile(times[CLOSE], 0.5), pst_bench_quantile(times[ALL], 0.5));
    for (int i = 0; i < N_STEPS; i++)
        g_array_unref(times[i]);
    return 0;
}
