// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "tests/bench/bench.h"

/* For the benchmarks that ask guests of libvirt's. */

/* Looks the guest up; never NULL. */
PstGuest *pst_bench_guest_open(PstHypervisor *hypervisor, const char *name);

/* Looks the guest up and asks it for PROBE by way of LADDER, giving it LIMIT_US in all. Returns how
 * long that took, in microseconds, and in *via by which rung a report came; PST_VIA_NONE for none.
 * *error (may be NULL) then says why. */
gint64 pst_bench_guest_ask(PstHypervisor *hypervisor, const PstLadder *ladder, const char *name,
                           const char *probe, gint64 limit_us, PstVia *via, GError **error);
