// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Can this user become root, and if not, why? First the causes, read from files without running
 * anything; then sudo's own word, where trying can do no harm. */
void pst_probe_sudo_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
