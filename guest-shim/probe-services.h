// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* What runs, what failed? PID 1's own word over its private socket, and one journalctl for the last
 * lines of the units that need them. */
void pst_probe_services_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
