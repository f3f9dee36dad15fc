// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Is the guest on the network at all? Links and resolvers from files; addresses and routes from
 * /proc and getifaddrs(3), which asks the kernel alone. */
void pst_probe_network_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
