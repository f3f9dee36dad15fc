// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wait-pace.h"

/* A look that used all but so much of its time had not enough of it. */
#define CUT_SHARE 4

void
pst_wait_pace_begin(PstWaitPace *pace, gint64 now_us)
{
    pace->begun_us = now_us;
}

gint64
pst_wait_pace_next(PstWaitPace *pace, gint64 now_us)
{
    gint64 pause_us = pace->pause_us > 0 ? pace->pause_us : PST_WAIT_PACE_FIRST_US;

    pace->pause_us = MIN(pause_us + pause_us / 2, PST_WAIT_PACE_LONGEST_US);
    return now_us + pause_us;
}

gint64
pst_wait_pace_wake(PstWaitPace *pace)
{
    pace->pause_us = 0;
    return pace->begun_us + PST_WAIT_PACE_CLOSEST_US;
}

gboolean
pst_wait_pace_is_cut(gint64 window_us, gint64 left_us, gint64 whole_us)
{
    return window_us < whole_us &&
           (window_us < PST_WAIT_PACE_SHORT_US || left_us < window_us / CUT_SHARE);
}
