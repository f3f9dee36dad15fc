// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Is there room, is it writable? Files of /proc, /sys and /etc, and statfs(2) in processes of their
 * own; no program is run. */
void pst_probe_storage_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
