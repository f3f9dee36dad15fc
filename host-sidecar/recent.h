// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* Answers that guests gave a moment ago, for callers who say how old one may be (`max_age_ms`).
 * None is kept from before something happened to its guest (a reset, a revert, a start), and none
 * that was asked for while nobody would have heard of that. Of one thread; time is handed in: that
 * of the monotonic clock, microseconds. */

/* No older one is kept, nor may be asked for. */
#define PST_RECENT_MAX_MS (5 * 60 * 1000)
/* Of all of them, as text; the oldest go first. */
#define PST_RECENT_MAX_BYTES (8 * 1024 * 1024)

typedef struct PstRecent PstRecent;

PstRecent *pst_recent_new(void);
void pst_recent_free(PstRecent *recent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecent, pst_recent_free)

/* What happens to guests is told by pst_recent_forget() from NOW_US on. */
void pst_recent_watched(PstRecent *recent, gint64 now_us);
/* It is not, from now on: nothing is kept. So it is at first. */
void pst_recent_unwatched(PstRecent *recent);

/* Something happened to the guest: what was asked of it before NOW_US holds no more, also where the
 * answer is still to come. */
void pst_recent_forget(PstRecent *recent, const char *uuid, gint64 now_us);

/* Keeps what the guest itself said to question KEY (api-request.h), which was asked no earlier than
 * at ASKED_US: an answer with a report and its guest's UUID, by a path that asks the guest. */
void pst_recent_keep(PstRecent *recent, const char *key, const PstAnswer *answer, gint64 asked_us,
                     gint64 now_us);

/* A copy, with its age since it was asked for; NULL where there is none that young. */
PstAnswer *pst_recent_find(PstRecent *recent, const char *key, gint64 max_age_us, gint64 now_us);
