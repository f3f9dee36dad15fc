// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-network.h"

/* How the guest looks up names, and whether it finds its own one without asking anybody: sudo and
 * sshd look for it, and wait for silent name servers. Files only. */

/* Into the report's data, with findings. */
void pst_network_resolver_read(const PstProbeContext *context, PstReport *report);
