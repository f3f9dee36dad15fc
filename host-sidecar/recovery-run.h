// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate-words.h"
#include "host-sidecar/options.h"
#include "host-sidecar/recovery-file.h"

/* The ladder of `recover` with a real guest: gate, undo, evidence and revert, each recorded in the
 * audit before and after, and each begin and end on the disk. */

typedef struct {
    const PstOptions *options; /* with the guest's UUID: another one may be called so meanwhile */
    const char *domain;        /* as the doors' grants know it */
    const PstGateWords *gate;
    GBytes *script;   /* the undo; NULL: none */
    gint64 undo_us;   /* how long it may take */
    gint64 settle_us; /* for how long a gate is asked again while it may change */
    gint64 gate_us;   /* for how long it may be asked once */
    PstRecoveryFile *file;
    /* Whether it is still to be reverted, of a revert that was begun before and not done; LOST is
     * what it loses now, in words. FALSE with the error. */
    gboolean (*agree)(const char *lost, gpointer user_data, GError **error);
    gpointer user_data;
} PstRecoveryWish;

/* Goes on with STATE from where it is to its end. FALSE with the error where it was cut off: the
 * same can be said again. */
gboolean pst_recovery_run(const PstRecoveryWish *wish, PstRecoveryState *state, GError **error);
