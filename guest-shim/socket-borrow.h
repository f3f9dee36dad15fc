// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* What only the socket itself tells, where it is another process': for as long as it takes to ask,
 * its descriptor is doubled (pidfd_getfd(2), Linux 5.6), which takes the right to trace that
 * process, and changes nothing in it. Whoever is not trusted with what the descriptor may be by
 * then is not to be asked. */

/* Whether the socket INODE of IPv6, which is the descriptor FD of process PID, takes no IPv4
 * (IPV6_V6ONLY). Unknown where it can't be had, or is another one by now. */
PstTri pst_socket_borrow_only6(gint64 pid, int fd, guint64 inode);
