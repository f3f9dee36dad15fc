// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Is the port open to the harness? The rules as the kernel has them, read with nft and
 * iptables-legacy-save only where they are loaded, and judged for a new connection. */
void pst_probe_firewall_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
