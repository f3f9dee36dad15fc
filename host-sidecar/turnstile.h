// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* So many at a time may be inside, in all threads of the process together; the others wait. What
 * never comes out keeps its place. Made by PST_TURNSTILE(), for as long as the process lives. */

typedef struct {
    GMutex lock;
    GCond left;
    guint n, max;
} PstTurnstile;

// clang-format off
#define PST_TURNSTILE(places) {.max = (places)}
// clang-format on

/* FALSE where there was no place before UNTIL_US (monotonic clock); one that is free is taken
 * whatever time it is. */
gboolean pst_turnstile_enter(PstTurnstile *turnstile, gint64 until_us);

/* From any thread, once for each that entered. */
void pst_turnstile_leave(PstTurnstile *turnstile);
