// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/session.h"

/* The session's virtio-serial port. It is found by its name in /sys/class/virtio-ports, without
 * udev, whenever it appears; a host that hangs up and comes back costs one wake-up each. There are
 * no timers at rest and no polling: the port is watched edge-triggered, because it reports POLLHUP
 * without end while no host end is open. */

typedef struct PstPort PstPort;

/* The port can't be served any more, and nothing would ever tell when it can: the program should
 * end, to be started anew. */
typedef void (*PstPortLost)(const GError *error, gpointer user_data);

/* Serves the port called NAME from the default main loop, now or when it appears. The kernel's
 * virtio_console module is loaded where it is missing. PST_ERROR_UNAVAILABLE where the port is
 * there and can't be opened (another process holds it), or the kernel does not even tell of new
 * devices. RECORDER is the session's, borrowed; it may be NULL. */
PstPort *pst_port_new(const char *name, const PstSysroot *sysroot, PstRecorder *recorder,
                      PstPortLost lost, gpointer user_data, GError **error);
void pst_port_free(PstPort *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPort, pst_port_free)
