// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"
#include "host-sidecar/wait.h"

/* The waiting itself: asks when something has happened, and now and then otherwise, until the goal
 * is reached, can't be reached any more, or the deadline is past. */

typedef enum {
    PST_WAIT_REACHED,
    PST_WAIT_LATE, /* not before the deadline */
    PST_WAIT_GONE, /* it will not come by itself */
} PstWaitEnd;

typedef struct {
    int end;           /* PstWaitEnd */
    char *guest;       /* its own name */
    char *boot_id;     /* that it told last; NULL for none */
    char *seen;        /* what was seen last, one line, not escaped */
    gint64 waited_us;  /* in all */
    guint n_asked;     /* how often the guest was asked */
    gboolean by_event; /* libvirt's events were heard; else it was asked now and then */
} PstWaitOutcome;

void pst_wait_run_clear(PstWaitOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstWaitOutcome, pst_wait_run_clear)

/* FALSE with the error that ended it: there is no such domain (any more), or neither libvirt nor a
 * daemon was there at the beginning. That libvirt goes away later is waited out. */
gboolean pst_wait_run(const PstOptions *options, const char *method, const char *domain,
                      const PstWaitGoal *goal, PstWaitOutcome *outcome, GError **error);
