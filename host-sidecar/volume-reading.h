// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/record-set.h"
#include "host-sidecar/volume-place.h"
#include "host-sidecar/volume-pool.h"
#include "protocol/record-reader.h"

/* Reads the records of a guest's volume, part by part, and no more of it than is needed. Blocks:
 * only inside of tasks. */

typedef struct {
    GPtrArray *records; /* a set; of more than 2 MiB, those that record-keep.h chooses, and stubs */
    PstRecordCounters counters; /* of all of the volume */
    gint64 written_us;          /* when the newest part that could be read was written to */
    gint64 volume_us;           /* the newest of all */
    guint n_parts;
    guint64 skipped_bytes; /* of too large parts, at their beginning */
    guint n_unread;        /* of them */
    GError *unread;        /* why the first of those was not */
    gboolean rolled;       /* while it was read, each time: a part may have been missed */
    gboolean continued;    /* the records are those behind the place that was known alone */
    PstVolumePlace *place; /* up to where it was read, for a next reading; `kept` is not known
                            * here. NULL where there may be more that was not found */
} PstVolumeReading;

/* PLACE is what an earlier reading left, or NULL. Where the volume is still that one and has only
 * grown, the pool is not refreshed; where CONTINUES too, no more is read than what came since. In
 * doubt all of it is read. FALSE with PST_ERROR_PATH_SHUT, PST_ERROR_NO_PERMISSION or
 * PST_ERROR_NO_HYPERVISOR where nothing of it could be. */
gboolean pst_volume_reading_make(PstVolumePool *pool, const char *uuid, const PstVolumePlace *place,
                                 gboolean continues, PstVolumeReading *reading, GError **error);

void pst_volume_reading_clear(PstVolumeReading *reading);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstVolumeReading, pst_volume_reading_clear)
