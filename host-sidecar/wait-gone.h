// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include "host-sidecar/guest-xml.h"
#include "host-sidecar/wait.h"

/* What libvirt says of a domain that somebody waits for: whether asking the guest can be of any
 * use, and whether what is waited for can still come by itself. Pure functions. */

/* A domain that is off, or whose guest has crashed, comes back only by somebody's act. Restarts and
 * reverts pass through that state; what stays in it for so long is not about to leave it. */
#define PST_WAIT_GONE_US (10 * G_USEC_PER_SEC)

typedef struct {
    int state, reason; /* libvirt's virDomainState, and the reason that goes with it */
    PstGuestXmlPort shim, agent;
} PstWaitDomain;

typedef struct {
    gint64 gone_since_us; /* when it was first seen so, without interruption; 0: it is not */
} PstWaitGone;

/* Whether anybody in the guest could answer; else *SEEN becomes why not, freed with g_free(). */
gboolean pst_wait_gone_may_answer(const PstWaitGoal *goal, const PstWaitDomain *domain,
                                  char **seen);

/* It is seen so at NOW_US, on the monotonic clock. BEGAN: since the last look it was started or
 * reset. Whether it is certain that it does not come by itself. */
gboolean pst_wait_gone_note(PstWaitGone *gone, const PstWaitGoal *goal, const PstWaitDomain *domain,
                            gboolean began, gint64 now_us);
