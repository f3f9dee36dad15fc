// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/report-host.h"

/* What libvirt tells of a domain at one moment, without asking the guest. What needs QEMU's monitor
 * is asked apart from what libvirt and the kernel know by themselves: a QEMU that is stopped never
 * answers, and the call for it then stays behind in a thread of its own. */

typedef struct {
    PstHostData *data;
    PstLifecycleSight sight; /* the state that data tells of */
    gint64 taken_us;         /* monotonic */
    char *console;           /* the file of the console's log; NULL where there is none */
    gboolean monitor_silent; /* QEMU did not answer in time */
    GPtrArray *not_told;     /* of char *: what could not be had, and why */
} PstHostSample;

/* Takes at most until DEADLINE_US, of which QEMU's monitor has a second. MONITOR says whether it
 * is asked at all. NULL with the error where libvirt does not tell even the domain's state. */
PstHostSample *pst_host_sample_take(PstGuest *guest, gboolean monitor, gint64 deadline_us,
                                    GError **error);
/* Whether the guest runs and its QEMU answers its monitor, which one that stands still does not.
 * Blocks. */
gboolean pst_host_sample_is_served(PstGuest *guest, gint64 deadline_us);
void pst_host_sample_free(PstHostSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHostSample, pst_host_sample_free)
