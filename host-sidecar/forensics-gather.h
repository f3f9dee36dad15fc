// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/bundle.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/guest.h"
#include "host-sidecar/volume-records.h"

/* Gathers evidence of a guest into a bundle: the questions, and beside them each other source in a
 * task of its own, so that one that hangs costs itself alone. What comes is written when it comes.
 */

typedef struct {
    PstAnswer **answers; /* to the questions, what was derived, and what the host sees */
    guint n;
    PstVolumeRecords *records; /* NULL where there are none */
    char *xml;                 /* NULL where it could not be had */
    GBytes *screen;            /* a PNG that fits into the page; NULL where there is none */
    gboolean screen_scaled;    /* it is smaller than the screen */
    gint64 now_us;             /* the host's real time when the last of it was there */
    char *interrupted;         /* by which signal; NULL where it was not */
} PstForensicsGather;

/* Until DEADLINE_US, or, where INTERRUPTIBLE, until SIGINT, SIGTERM or SIGHUP: that once a process.
 * METHOD is the verb, for the audit. What could not be had is told in the bundle's manifest. */
PstForensicsGather *pst_forensics_gather(PstGuest *guest, const char *method,
                                         const PstDiagnoseWish *wish, PstBundle *bundle,
                                         gboolean interruptible, gint64 deadline_us);
void pst_forensics_gather_free(PstForensicsGather *gather);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstForensicsGather, pst_forensics_gather_free)
