// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/turn.h"

/* A hypervisor's few places for agent calls: one that is stuck occupies a thread of its libvirtd.
 */

/* So many at once. libvirtd has 20 threads for all its clients (max_workers);
 * docs/decisions/streams.md tells what happened to other guests when stopped agents held them. */
#define PST_AGENT_PLACES 4

/* So many of them are not for guests whose shim was asked as well and is silent: hardly ever does
 * the agent of such a guest answer, and there may be many. */
#define PST_AGENT_PLACES_KEPT 2

/* Takes a place with the hypervisor at URI, as libvirt calls it; one that is KEPT only where MODEST
 * is FALSE. PST_ERROR_BUSY where there was none before DEADLINE_US (monotonic clock). */
PstTurn *pst_agent_places_take(const char *uri, gboolean modest, gint64 deadline_us,
                               GError **error);
