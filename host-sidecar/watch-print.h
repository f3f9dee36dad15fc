// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/watch-event.h"

/* Where the events of `postern watch` go: standard output, a line each, or more for people. */
typedef struct {
    gboolean json, quiet; /* quiet: nothing of guests that are listened to for the first time */
    gint64 left;          /* how many may still be printed; below 0: any number */
    GError *error;        /* why no more can be */
} PstWatchPrint;

/* FALSE where no more is to be printed, now or ever. */
gboolean pst_watch_print(PstWatchPrint *print, const PstWatchEvent *event);
