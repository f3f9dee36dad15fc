// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/volume-records.h"

/* What was read of a guest's volume, for all who want it: a reading takes long, and one serves all
 * who come while it is made or after it. Thread-safe. */

typedef struct PstVolumeShare PstVolumeShare;

PstVolumeShare *pst_volume_share_new(void);
/* Nobody may be reading. */
void pst_volume_share_free(PstVolumeShare *share);

/* Whichever reading there is. */
#define PST_VOLUME_SHARE_ANY G_GINT64_CONSTANT(0)

typedef PstVolumeRecords *(*PstVolumeShareRead)(gpointer data, GError **error);

/* A reading that was begun at SINCE_US of the monotonic clock or later: one that is there, or one
 * that is under way, which is waited for; where there is neither READ(DATA) makes it in this
 * thread, of records that have their texts. How it failed is told to all of them alike. The records
 * are the caller's, who may do with them what it likes. Takes as long as the reading does, for ever
 * where that hangs: only inside of tasks. */
PstVolumeRecords *pst_volume_share_read(PstVolumeShare *share, gint64 since_us,
                                        PstVolumeShareRead read, gpointer data, GError **error);

/* Waits, in the same way, for the reading that is under way. FALSE, and nothing is waited for,
 * where none was begun yet. */
gboolean pst_volume_share_await(PstVolumeShare *share);
