// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Is it starved? Files of /proc and of the control groups, and the kernel's log; no program is run.
 */
void pst_probe_memory_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
