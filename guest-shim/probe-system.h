// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* What is this and what state is it in? Files of /proc, /etc and /run first, then PID 1's own word
 * over its private socket; no program is run where that socket is there. */
void pst_probe_system_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
