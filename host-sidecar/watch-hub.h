// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/watch-event.h"

/* What happens to and in the guests of a hypervisor, for several who want to know: libvirt's events
 * and those of the guests' shims, merged in the order of their happening, with what can't be heard.
 * It holds a channel of each guest that is wanted, and costs nothing while nobody wants any. Of the
 * thread of its context. */

typedef struct PstWatchHub PstWatchHub;

/* One who wants to know. */
typedef struct PstWatchWant PstWatchWant;

typedef struct {
    /* Names and UUIDs, NULL-terminated and copied; NULL: all domains. */
    const char *const *domains;
    /* Whether it may know of this one. NULL: of all. */
    gboolean (*may)(const char *name, const char *uuid, gpointer user_data);
    /* EVENT is lent. */
    void (*told)(const PstWatchEvent *event, gpointer user_data);
    gpointer user_data;
} PstWatchWanted;

/* HYPERVISOR has to keep channels. */
PstWatchHub *pst_watch_hub_new(GMainContext *context, PstHypervisor *hypervisor);
void pst_watch_hub_free(PstWatchHub *hub);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWatchHub, pst_watch_hub_free)

/* From now on. The first that is told is how each of the domains that run stands: `listening` or
 * not; perhaps before this returns. */
PstWatchWant *pst_watch_hub_want(PstWatchHub *hub, const PstWatchWanted *wanted);
void pst_watch_hub_unwant(PstWatchHub *hub, PstWatchWant *want);
