// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* When a guest that did not answer is asked again: after pauses that grow, so that it costs a sweep
 * little for as long as it is silent. Pure functions; times are the host's real time in
 * microseconds. */

typedef struct {
    gint64 misses;    /* how often in a row it did not answer; 0: it did */
    gint64 missed_us; /* the last time */
    gint64 run;       /* libvirt's number of the domain then */
} PstBreaker;

#define PST_BREAKER_MAX_PAUSE_US (15 * 60 * G_GINT64_CONSTANT(1000000))

/* How long it is left alone after so many misses: a minute after the first, twice as long after
 * each further one, a quarter of an hour at most. */
gint64 pst_breaker_pause_us(gint64 misses);

/* Until when run RUN of the domain is left alone; 0 where it may be asked now: its pause is over,
 * it was started anew, or the clock was set back since. */
gint64 pst_breaker_until_us(const PstBreaker *breaker, gint64 run, gint64 now_us);

/* It was asked. */
void pst_breaker_note(PstBreaker *breaker, gboolean answered, gint64 run, gint64 now_us);
