// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/watch-event.h"

/* An ear at one guest: what its shim tells unasked, over a channel that is kept (channel-keep.h),
 * so that others ask over it meanwhile. */

typedef struct PstWatchEar PstWatchEar;

/* What would make a guest that can't be listened to worth another attempt. */
typedef enum {
    PST_WATCH_EAR_LATER, /* time */
    PST_WATCH_EAR_PORT,  /* that its shim takes hold of its port */
    PST_WATCH_EAR_STATE, /* that it runs, or gets another XML */
} PstWatchEarHope;

/* All of these are called in CONTEXT's thread. */
typedef struct {
    /* From here on all is told that happens. */
    void (*begun)(gpointer user_data);
    /* It can't be listened to. Nothing more is told. */
    void (*failed)(const char *reason, PstWatchEarHope hope, gpointer user_data);
    /* EVENT, without the domain's name, is taken over; it happened at BOOTTIME_US of the guest. */
    void (*event)(PstWatchEvent *event, gint64 boottime_us, gpointer user_data);
    /* No more can be heard. Nothing more is told. */
    void (*ended)(const char *reason, gpointer user_data);
} PstWatchEarFuncs;

/* HYPERVISOR has to keep channels. */
PstWatchEar *pst_watch_ear_new(PstHypervisor *hypervisor, const char *uuid, GMainContext *context,
                               const PstWatchEarFuncs *funcs, gpointer user_data);

/* Nothing is told any more from here on, and the channel is let go of. */
void pst_watch_ear_free(PstWatchEar *ear);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWatchEar, pst_watch_ear_free)

/* Has it made sure that the shim is the one that was subscribed to: else it ends. */
void pst_watch_ear_check(PstWatchEar *ear);
