// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/recent.h"

/* Tells a daemon's recent answers what happens to guests, while somebody takes such answers: holds
 * libvirt's events then, and lets go of them once nobody has for as long as an answer may be old,
 * because a connection that is held wakes the process up. Of the thread of CONTEXT. */

typedef struct PstDaemonEvents PstDaemonEvents;

/* Lives as long as the process, as RECENT has to. */
PstDaemonEvents *pst_daemon_events_new(GMainContext *context, PstHypervisor *hypervisor,
                                       PstRecent *recent);

/* Somebody takes recent answers. What is asked before the events are there is not kept. */
void pst_daemon_events_want(PstDaemonEvents *events);
