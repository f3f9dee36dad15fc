// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-ssh.h"

/* Who can come to where sshd listens, by the report of the probe `ssh`. Pure functions. */

/* A place as the report has it, an address and a port: "0.0.0.0:22", "[::]:22". Whether a
 * connection over that version of IP comes to it; unknown for one on [::] of which the report does
 * not tell. The loopback's own is one as any other. */
PstTri pst_ssh_listen_takes(const PstSshData *data, const char *place, gboolean six);

/* Whether only the guest itself comes to it. */
gboolean pst_ssh_listen_is_loopback(const char *place);

/* Its port; 0 where it has none. */
gint64 pst_ssh_listen_port(const char *place);

/* The same of all places together, of those on PORT where that is not PST_INT_UNKNOWN, and of the
 * loopback's where LOCAL. No where there is none. */
PstTri pst_ssh_listen_any_takes(const PstSshData *data, gint64 port, gboolean local, gboolean six);
