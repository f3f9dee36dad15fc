// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health-memory.h"
#include "host-sidecar/ladder.h"

/* A sweep: every guest is looked at within one deadline, each with a time of its own within that,
 * and what was seen is told of each. It judges nothing (health.h does), keeps nothing, and knows no
 * libvirt: whose guests they are is behind PstSweepGuests. */

/* What a look-up tells beside the sight. */
typedef struct {
    gboolean runs;   /* it can be asked */
    gboolean is_off; /* to look at it from outside keeps nobody */
    gint64 busy_ms;  /* for how long its QEMU had not answered libvirt; 0 where it did */
} PstSweepLook;

/* The guests of a sweep. All of it is called from several threads, and may block. */
typedef struct {
    /* Looks up the guest that SIGHT names until UNTIL_US, and fills in the sight's name, UUID,
     * state, reason and run, and LOOK. The guest is released as the ladder does. NULL with the
     * error; PST_ERROR_NO_DOMAIN where there is no such guest. */
    PstGuest *(*look_up)(gpointer user_data, gint64 until_us, PstHealthSight *sight,
                         PstSweepLook *look, GError **error);
    const PstLadder *ladder;
    const PstLadder *short_ladder; /* without the look from outside */
    /* What the host sees of one that does not run. NULL with the error. */
    PstReport *(*look_from_outside)(PstGuest *guest, gint64 deadline_us, GError **error);
    /* Notes in the sight what is done with a guest that answered. */
    void (*note_job)(PstGuest *guest, PstHealthSight *sight, gint64 deadline_us);
    /* Harvests what it recorded, and notes what keeps it from recording; may be NULL. */
    void (*look_at_records)(PstGuest *guest, PstHealthSight *sight, gint64 deadline_us);
    gpointer user_data; /* of look_up() */
} PstSweepGuests;

typedef struct {
    const PstHealthMemory *memory; /* silent guests are left alone by it; not changed meanwhile */
    gboolean insist;               /* they are asked all the same */
    const char *caller;            /* who asks, for the guests' own records */
    /* Of each guest that is about to be asked N questions; from several threads, and may block.
     * May be NULL. */
    void (*asking)(const char *guest, guint n, gpointer user_data);
    gpointer user_data;
} PstSweepPlan;

/* What was seen of each of the guests NAMES (as look_up() takes them; NULL-terminated), in that
 * order: an array of PstHealthSight that frees them. One that is no more is left out;
 * *MISSING, where that is not NULL, becomes PST_ERROR_NO_DOMAIN that names the first such one. All
 * others are in it, whatever became of them. Returns soon after DEADLINE_US (monotonic clock). */
GPtrArray *pst_sweep_make(const PstSweepGuests *guests, char *const *names,
                          const PstSweepPlan *plan, gint64 deadline_us, GError **missing);
