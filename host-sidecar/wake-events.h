// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/wake.h"

/* Has libvirt's events of one domain wake somebody up: its lifecycle and its resets; the guest
 * agent's coming and going; and, where the hypervisor is QEMU and tells it, that a process in the
 * guest opens or closes a port (QEMU's VSERPORT_CHANGE, for which libvirt has no event of its own).
 * The last two are only hints that it is worth looking. */

typedef struct PstWakeEvents PstWakeEvents;

/* NULL with the error where libvirt refuses or did not answer before the deadline. That libvirt
 * closed the connection is told as PST_WAKE_LOST. */
PstWakeEvents *pst_wake_events_start(PstGuest *guest, PstWake *wake, gint64 deadline_us,
                                     GError **error);

/* Does not wait for libvirt. */
void pst_wake_events_stop(PstWakeEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWakeEvents, pst_wake_events_stop)
