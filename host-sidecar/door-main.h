// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/server.h"

/* The life of a program that serves a door: its options, configuration, socket, signals, and what
 * it tells systemd. */

typedef struct {
    const char *name;
    const char *summary; /* for --help */
    gint64 last_ms;      /* what is in flight at the end has so long to be over */
    /* All of the thread of CONTEXT, and for as long as the process lives. */
    gpointer (*open)(GMainContext *context, const char *uri, const PstServerLimits *limits);
    PstServer *(*server)(gpointer daemon);
    guint (*n_running)(gpointer daemon);
    /* Waits until the audit records are written; FALSE where they were not in time. */
    gboolean (*flush)(gpointer daemon, gint64 deadline_us);
} PstDoorProgram;

/* Does not return. */
void pst_door_main(const PstDoorProgram *door, int argc, char **argv) G_GNUC_NORETURN;
