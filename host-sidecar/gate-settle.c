// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-settle.h"

#include "host-sidecar/wait-pace.h"

/* What one asking may take of the time, where there is time for another. */
#define ASK_US (10 * G_USEC_PER_SEC)

void
pst_gate_settle_clear(PstGateRun *run)
{
    g_clear_pointer(&run->verdict, pst_gate_verdict_free);
}

static void
replace(PstGateRun *run, PstGateVerdict *verdict)
{
    pst_gate_settle_clear(run);
    run->verdict = verdict;
}

/* Until when an asking that begins now may take: the last one, all that is left, for what a slow
 * guest does not tell in ten seconds it would tell in none. */
static gint64
end_of(gint64 now_us, gint64 until_us, gint64 last_us)
{
    return now_us + ASK_US < until_us ? MIN(last_us, now_us + ASK_US) : last_us;
}

/* Nothing more is asked: CAUSE is why the last asking came to nothing; NULL where it did not. */
static void
conclude(const PstGateAsking *asking, gpointer asker, guint n_hung, const GError *cause,
         PstGateRun *run)
{
    if (cause != NULL)
        pst_gate_outdate(run->verdict, cause->message);
    else if (n_hung > 1 && n_hung == run->n_asked)
        replace(run, asking->judge_hung(asker, n_hung));
}

gboolean
pst_gate_settle(const PstGateAsking *asking, gpointer asker, gint64 settle_us, gint64 deadline_us,
                PstGateRun *run, GError **error)
{
    const gint64 begun_us = asking->now(asker);
    const gint64 last_us = begun_us + deadline_us;
    const gint64 until_us = MIN(last_us, begun_us + settle_us);
    PstWaitPace pace = {0};
    guint n_hung = 0;

    for (;;) {
        gint64 now_us = asking->now(asker);
        g_autoptr(GError) cause = NULL;

        pst_wait_pace_begin(&pace, now_us);
        run->n_asked++;
        PstGateVerdict *verdict = asking->ask(asker, end_of(now_us, until_us, last_us), &cause);
        if (verdict == NULL && run->verdict == NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (verdict != NULL) {
            replace(run, verdict);
            n_hung += pst_gate_hangs(verdict);
        }
        now_us = asking->now(asker);
        run->took_us = now_us - begun_us;
        gint64 next_us = pst_wait_pace_next(&pace, now_us);
        if (verdict != NULL && !pst_gate_may_change(verdict))
            return TRUE;
        if (next_us >= until_us) {
            conclude(asking, asker, n_hung, cause, run);
            return TRUE;
        }
        asking->sleep(asker, next_us - now_us);
    }
}
