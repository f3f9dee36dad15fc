// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include "tests/sim/sim-kinds.h"

/* The scripted guests' ends of their channels: all of them in one thread. */

typedef struct {
    int fd;           /* taken over */
    PstSimKind kind;  /* any but PST_SIM_REAL */
    const char *link; /* the interface that its reports name */
} PstSimPeer;

/* Serves N of them until the descriptor UNTIL is closed at its other end. */
void pst_sim_peers_serve(const PstSimPeer *peers, guint n, int until);
