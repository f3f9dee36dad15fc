// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* The kernel's table of connections, which stateful rules need: where it is full, packets of new
 * connections are dropped before any rule sees them (nf_conntrack-sysctl.rst of the kernel's docs).
 * Into the report of the probe `firewall`, with the finding. */
void pst_firewall_tracking_judge(const PstProbeContext *context, PstReport *report);
