// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/watch-want.h"

/* What happens to and in the guests of a hypervisor, for several who want to know: libvirt's events
 * and those of the guests' shims, merged in the order of their happening, with what can't be heard.
 * It holds a channel of each guest that is wanted, and costs nothing while nobody wants any. Of the
 * thread of its context. */

typedef struct PstWatchHub PstWatchHub;

/* HYPERVISOR has to keep channels. */
PstWatchHub *pst_watch_hub_new(GMainContext *context, PstHypervisor *hypervisor);
void pst_watch_hub_free(PstWatchHub *hub);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWatchHub, pst_watch_hub_free)

/* From now on. The first that is told is how each of the domains that run stands: `listening` or
 * not; perhaps before this returns. */
PstWatchWant *pst_watch_hub_want(PstWatchHub *hub, const PstWatchWanted *wanted);
void pst_watch_hub_unwant(PstWatchHub *hub, PstWatchWant *want);
