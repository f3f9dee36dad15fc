// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Carries bytes between two streams and a socket, both ways, as they come: no more is read than was
 * passed on. */

/* From IN to SOCKET_FD and from there to OUT, until the socket has nothing more to say. At the end
 * of IN the socket's sending half is closed. FALSE with PST_ERROR_OUTPUT where OUT takes no more,
 * or with PST_ERROR_PROTOCOL where the socket broke. The descriptors stay the caller's. Blocks. */
gboolean pst_relay_run(int in, int out, int socket_fd, GError **error);
