// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/record.h"

/* Records in the order in which they were written, from several readings of one guest's volume:
 * pure functions. A set is a GPtrArray of PstRecord that frees them; where there was no
 * room for all, stubs stand for the others, so that the order is still known (record-keep.h). */

GPtrArray *pst_record_set_new(void);

/* The number of each record's epoch, from 0 on: a new one begins with each boot, and where the
 * sequence does not rise or the boot's clock falls, as after a revert. A GArray of guint. */
GArray *pst_record_set_epochs(const GPtrArray *records);

/* Those that no revert has undone, borrowed: where a boot goes on from an earlier number or moment,
 * or after another boot of its guest, what that guest (record-guests.h) wrote meanwhile never
 * happened for the one that writes now. A boot that goes on after having been undone itself, as in
 * another branch of the snapshots, has its own past again. A shim that is started anew goes on
 * above it (see seq in docs/protocol.md). *REVERTED: whether the newest epoch began so. */
GPtrArray *pst_record_set_live(const GPtrArray *records, gboolean *reverted);

/* Whether A and B are readings of the same record. */
gboolean pst_record_set_same(const PstRecord *a, const PstRecord *b);

/* STORED, which was read earlier and of which what there was no room for is missing, and VOLUME,
 * which ends with the newest and lacks what was rolled away: in one order, each record once. Where
 * they have records in common these say what comes before what; else all that is stored came
 * first. Takes both over; there are no stubs in the result. */
typedef struct {
    guint n_stored; /* of the result: that the volume has not (any more) */
    gint64 missed;  /* that were written and rolled away between the two, as far as the sequence
                       tells: where a shim may have been started meanwhile it does not, and 0 stands
                       here */
} PstRecordSetMerge;

GPtrArray *pst_record_set_merge(GPtrArray *stored, GPtrArray *volume, PstRecordSetMerge *merge);

/* Of all that are no stubs: no less than what they take in a file, with the frames around them. */
gsize pst_record_set_weight(const GPtrArray *records);

/* For each record whether another guest (record-guests.h) wrote it than the one before it: a GArray
 * of gboolean. *MIXED: two guests write to one volume, since one that had been left came back, or
 * the one after it is another machine and another domain: one that was set up anew is another
 * machine too, once, and one that was renamed another domain. */
GArray *pst_record_set_foreign(const GPtrArray *records, gboolean *mixed);
