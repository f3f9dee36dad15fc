// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* So many at a time may be inside, in all threads of the process together; the others wait. What
 * never comes out keeps its place. Made by PST_GATE(), for as long as the process lives. */

typedef struct {
    GMutex lock;
    GCond left;
    guint n, max;
} PstGate;

// clang-format off
#define PST_GATE(places) {.max = (places)}
// clang-format on

/* FALSE where there was no place before UNTIL_US (monotonic clock); one that is free is taken
 * whatever time it is. */
gboolean pst_gate_enter(PstGate *gate, gint64 until_us);

/* From any thread, once for each that entered. */
void pst_gate_leave(PstGate *gate);
