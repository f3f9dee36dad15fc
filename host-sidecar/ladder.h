// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* How the ladder holds and releases a guest that abandoned rungs may still use. */
typedef struct {
    const PstBackend *const *rungs; /* best first */
    guint n_rungs;
    gpointer (*ref)(gpointer guest);
    void (*unref)(gpointer guest);
} PstLadder;

/* Asks the guest N questions by the best path that answers. A rung that libvirt reports dead costs
 * nothing; one that shows no sign of life for 80 ms is not waited for: the next is begun beside
 * it. Beside one that lives and takes two seconds, or half of a shorter deadline, those that ask
 * nobody are begun. Returns when every question is answered, no rung is left, or at the deadline.
 * The answers are the questions, in their order; the array (from g_new()) is taken over with them,
 * and another is returned, owned by the caller. The listener, which may be NULL, hears of each
 * answer as it comes. *HOST (NULL: not wanted) becomes the report of what the host sees of the
 * guest, owned by the caller, or NULL where the guest itself answered so soon that nobody looked.
 */
PstAnswer **pst_ladder_ask(const PstLadder *ladder, PstGuest *guest, PstAnswer **questions, guint n,
                           const char *caller, gint64 deadline_us,
                           const PstInquiryListener *listener, PstReport **host);
