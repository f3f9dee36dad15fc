// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"
#include "protocol/record.h"

/* When records were written, by the host's clock: a guest's own clocks stand still while it is
 * paused, and go back with a revert. What is known are moments at which somebody read the volume:
 * the newest record of then had been written by the time at which the volume was last written to,
 * and what came after it was written later. Pure functions. */

/* The most that are kept; the oldest go first. */
#define PST_RECORD_DATES_MAX 64

/* What was the newest record when somebody read, and when the volume was last written to, the
 * host's real time. */
typedef struct {
    char *boot_id;
    gint64 seq;
    gint64 boottime_us;
    gint64 written_us;
} PstRecordDate;

extern const PstFields pst_record_date_fields;

/* A time in which the guest's clocks are known to have stood still, by the host's. */
typedef struct {
    gint64 from_us, until_us;
} PstRecordStill;

/* Adds to DATES, a GPtrArray of PstRecordDate, the oldest first (NULL: there are none), that NEWEST
 * was the last one when the volume had been written to at WRITTEN_US. FALSE where that is known. */
gboolean pst_record_dates_note(GPtrArray **dates, const PstRecord *newest, gint64 written_us);

/* When each of RECORDS, in their order, had been written at the latest that is known: a GArray of
 * gint64, the host's real time in microseconds, which never falls. STILLS is a GArray of
 * PstRecordStill, the oldest first, none within another (NULL: none is known of). WRITTEN_US is
 * that of the last one; 0: by its own clock. */
GArray *pst_record_dates_estimate(const GPtrArray *dates, const GArray *stills,
                                  const GPtrArray *records, gint64 written_us);
