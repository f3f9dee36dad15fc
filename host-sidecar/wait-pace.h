// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* How often a guest is looked at that is waited for: soon after something happened, then ever less
 * often, and never more often than a bounded rate, whatever happens. Pure. */

/* The pauses grow from the first to the longest by half each. */
#define PST_WAIT_PACE_FIRST_US (250 * G_GINT64_CONSTANT(1000))
#define PST_WAIT_PACE_LONGEST_US (2 * G_USEC_PER_SEC)
/* Two looks begin no closer to each other than that. */
#define PST_WAIT_PACE_CLOSEST_US (100 * G_GINT64_CONSTANT(1000))

typedef struct {
    gint64 pause_us; /* the next; 0: the first */
    gint64 begun_us; /* when the last look began */
} PstWaitPace;

/* A look begins now. */
void pst_wait_pace_begin(PstWaitPace *pace, gint64 now_us);

/* It has told nothing new: until when to wait, unless something happens. */
gint64 pst_wait_pace_next(PstWaitPace *pace, gint64 now_us);

/* Something has happened: the pauses begin anew. The moment from which on a look may begin. */
gint64 pst_wait_pace_wake(PstWaitPace *pace);

/* What the end of the waiting left less time than this to, it may have cut off. */
#define PST_WAIT_PACE_SHORT_US (2 * G_USEC_PER_SEC)

/* Whether a look that found nobody was cut off by the end of the waiting, so that its silence is
 * its own and not the guest's. WINDOW_US: what it had. LEFT_US: what it left of that. WHOLE_US:
 * what it may take where there is time. */
gboolean pst_wait_pace_is_cut(gint64 window_us, gint64 left_us, gint64 whole_us);
