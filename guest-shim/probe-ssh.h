// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Would sshd let this user in, and from where? Files and /proc first; then sshd's own word on what
 * holds for the user, which opens no socket and logs nothing, and a handshake with an sshd of its
 * own and with the one that runs. Without a user only sshd itself is judged. */
void pst_probe_ssh_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
