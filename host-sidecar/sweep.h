// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/health-memory.h"

/* A sweep: every domain is looked at within one deadline, each with a time of its own within that,
 * and what was seen is told of each. It judges nothing (health.h does), and keeps nothing. */

typedef struct {
    const PstHealthMemory *memory; /* silent guests are left alone by it; not changed meanwhile */
    gboolean insist;               /* they are asked all the same */
    const char *caller;            /* who asks, for the guests' own records */
    /* Of each guest that is about to be asked N questions; from several threads, and may block. */
    void (*asking)(const char *guest, guint n, gpointer user_data);
    gpointer user_data;
} PstSweepPlan;

/* What was seen of each of the domains NAMES (names, UUIDs or numbers; NULL-terminated), in that
 * order: an array of PstHealthSight that frees them. A domain that libvirt has no more is left out;
 * *MISSING, where that is not NULL, becomes PST_ERROR_NO_DOMAIN that names the first such one. All
 * others are in it, whatever became of them. Returns soon after DEADLINE_US (monotonic clock). */
GPtrArray *pst_sweep_make(PstHypervisor *hypervisor, char *const *names, const PstSweepPlan *plan,
                          gint64 deadline_us, GError **missing);
