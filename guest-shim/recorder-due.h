// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/token-bucket.h"

/* Looks that events ask for: begun when things have settled, and no more often than a bucket has
 * it, since whoever may use a guest can make units end and files change. The last one of many is
 * not lost but late. Served from the default main loop. */

typedef void (*PstRecorderLookDue)(const char *const *probes, gpointer user_data);

typedef struct {
    const char *const *probes; /* NULL: all */
    guint settle_s;
    PstTokenBucket bucket;
    PstRecorderLookDue due;
    gpointer user_data;
    guint source;
} PstRecorderDue;

/* Something has happened. */
void pst_recorder_due_ask(PstRecorderDue *due);

/* Nothing is due any more. */
void pst_recorder_due_clear(PstRecorderDue *due);
