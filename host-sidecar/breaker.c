// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/breaker.h"

#define FIRST_PAUSE_US (60 * G_GINT64_CONSTANT(1000000))
/* More change nothing: the pause has long been at its longest. */
#define MAX_MISSES 1000000

gint64
pst_breaker_pause_us(gint64 misses)
{
    gint64 pause_us = FIRST_PAUSE_US;

    if (misses <= 0)
        return 0;
    while (--misses > 0 && pause_us < PST_BREAKER_MAX_PAUSE_US)
        pause_us *= 2;
    return MIN(pause_us, PST_BREAKER_MAX_PAUSE_US);
}

gint64
pst_breaker_until_us(const PstBreaker *breaker, gint64 run, gint64 now_us)
{
    gint64 until_us = breaker->missed_us + pst_breaker_pause_us(breaker->misses);

    if (breaker->misses <= 0 || breaker->run != run || now_us < breaker->missed_us)
        return 0;
    return now_us < until_us ? until_us : 0;
}

void
pst_breaker_note(PstBreaker *breaker, gboolean answered, gint64 run, gint64 now_us)
{
    gint64 before = breaker->run == run ? breaker->misses : 0;

    breaker->misses = answered ? 0 : MIN(before, MAX_MISSES) + 1;
    breaker->missed_us = now_us;
    breaker->run = run;
}
