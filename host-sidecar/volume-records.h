// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/record-reader.h"

/* What a guest's volume holds, for people and programs. */

typedef struct {
    GPtrArray *records; /* of PstRecord, in file order */
    GArray *epochs;     /* of guint: the number of each record's epoch, from 0 on */
    PstRecordCounters counters;
    gint64 written_us; /* when the newest was written, the host's real time; 0 where not known */
    guint n_parts;
} PstVolumeRecords;

/* Reads all of it. NULL with PST_ERROR_PATH_SHUT, PST_ERROR_DEADLINE. */
PstVolumeRecords *pst_volume_records_read(PstGuest *guest, gint64 deadline_us, GError **error);
void pst_volume_records_free(PstVolumeRecords *records);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstVolumeRecords, pst_volume_records_free)

/* How old the record is, by the host's clock: of the guest's clock only what passed between two
 * records counts. Microseconds. */
gint64 pst_volume_records_age_us(const PstVolumeRecords *records, const PstRecord *record);

/* The newest N, the newest first, and what was dropped. */
JsonObject *pst_volume_records_to_json(const PstVolumeRecords *records, guint n);
char *pst_volume_records_to_text(const PstVolumeRecords *records, guint n);
