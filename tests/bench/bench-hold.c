// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-hold GUEST: holds the guest's channel open, greeted and silent, until standard input ends.
 * Prints "open" once it does. */
#include <stdio.h>

#include "host-sidecar/guest-channel.h"
#include "tests/bench/bench-guest.h"

#define DEADLINE_US (10 * G_USEC_PER_SEC)

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(GError) error = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: bench-hold GUEST\n");
        return 64;
    }
    g_autoptr(PstGuest) guest = pst_bench_guest_open(hypervisor, argv[1]);
    g_autoptr(PstChannel) channel =
        pst_guest_channel_open(guest, g_get_monotonic_time() + DEADLINE_US, &error);
    if (channel == NULL)
        pst_bench_die(argv[1], error);
    puts("open");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
