// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/recorder-state.h"
#include "host-sidecar/volume.h"

/* What a guest's volume holds, held against what its shim says to have written. */

typedef struct {
    PstRecorderState state;
    char *note;                /* what is to be said of it, one line, or NULL */
    PstVolumeRecords *records; /* NULL where none could be read: */
    GError *error;             /* why */
} PstRecorderCheck;

void pst_recorder_check_free(PstRecorderCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderCheck, pst_recorder_check_free)

/* Greets the shim, where the domain has a recorder, runs, a shim holds the channel, and it was not
 * greeted before; then takes what was read of this PstGuest's volume, or reads it, and where the
 * last record is missing reads it anew, for as long as PATIENCE_US: it may be under way. Harvests.
 * Blocks: only inside of tasks. */
PstRecorderCheck *pst_recorder_check_make(PstGuest *guest, gint64 deadline_us, gint64 patience_us);

/* The same with a deadline around it, and a second of patience: PST_ERROR_DEADLINE. */
PstRecorderCheck *pst_recorder_check_until(PstGuest *guest, gint64 deadline_us, GError **error);
