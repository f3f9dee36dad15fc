// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "host-sidecar/volume-records.h"

/* What happened when, in the guest and on the host, in one order: a pure function. All moments are
 * on the host's clock; those that a guest tells are reckoned from how long ago they were by its
 * own, right or wrong. */

/* The newest are kept. */
#define PST_TIMELINE_MAX 300

typedef enum {
    PST_TIMELINE_GUEST,
    PST_TIMELINE_HOST,
} PstTimelineSide;

typedef struct {
    gint64 moment_us; /* the host's real time */
    PstTimelineSide side;
    PstSeverity severity;
    const char *source; /* record, journal, file, kernel, domain, console, postern */
    char *text;         /* as the guest wrote it: not escaped */
    guint count;        /* of one and the same, one after the other */
} PstTimelineEvent;

typedef struct {
    PstAnswer *const *answers;
    guint n;
    const PstVolumeRecords *records; /* may be NULL */
    const char *domain;              /* whose they should be */
    gint64 begun_us, now_us;         /* the gathering, and when the answers were there */
    const char *interrupted;         /* by what; NULL */
} PstTimelineSources;

/* Of PstTimelineEvent, the newest first. Free with g_ptr_array_unref(). */
GPtrArray *pst_timeline_build(const PstTimelineSources *sources);
