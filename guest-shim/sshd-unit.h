// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* The socket unit by which systemd listens for sshd: systemd.socket(5). sshd does not look at its
 * own Port then. */

/* The TCP ports that ListenStream= of ssh.socket or sshd.socket names in any of its files: a set of
 * guint64 by g_int64_hash(), empty where there is no such unit. A line that a later one takes back
 * counts too: whether somebody listens on the port is for the caller to see. */
GHashTable *pst_sshd_unit_ports(const PstSysroot *sysroot);

/* Whether what it binds to all of IPv6 takes no IPv4: BindIPv6Only= of the units' files, and the
 * kernel's own default where these leave it to that. Unknown where they can't be read, or differ.
 */
PstTri pst_sshd_unit_only6(const PstSysroot *sysroot);
