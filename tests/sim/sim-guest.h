// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/ladder.h"
#include "tests/sim/sim-kinds.h"

/* A simulated guest: its channel is a socket, its ladder has that one rung. What goes over it is
 * the conversation of any guest (converse.h). */

struct PstGuest {
    gint references;
    char *name;
    char uuid[37];
    char *link; /* the interface that its reports name */
    PstSimKind kind;
    int fd;         /* the host's end; closed with the guest */
    gint64 told_us; /* when its answers of the last sweep were all there, monotonic; 0: not yet */
};

/* Takes FD. UUID number I. */
PstGuest *pst_sim_guest_new(guint i, PstSimKind kind, int fd);
PstGuest *pst_sim_guest_ref(PstGuest *guest);
void pst_sim_guest_unref(PstGuest *guest);

extern const PstLadder pst_sim_guest_ladder;
