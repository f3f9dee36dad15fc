// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Does sshd run, listen, and accept its own configuration and keys? Files and /proc first, then
 * sshd's own check, which opens no socket and logs nothing. */
void pst_probe_ssh_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
