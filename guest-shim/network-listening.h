// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/report-network.h"

/* The sockets that wait for whoever comes, with who holds them, as /proc says. */

/* Into DATA, sorted by protocol and port, with the ports that are handed out by chance. FALSE where
 * the tables can't be looked at; a process that can't be found leaves its socket without one. */
gboolean pst_network_listening_read(const PstSysroot *sysroot, PstNetworkData *data,
                                    GError **error);

/* The unit of a process by the text of its /proc/PID/cgroup: the outermost service or scope. NULL
 * where there is none. Free with g_free(). */
char *pst_network_listening_unit(const char *cgroup);
