// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-run.h"

#include "host-sidecar/ask.h"
#include "host-sidecar/wait-pace.h"

/* What one asking may take of the time. */
#define ASK_US (10 * G_USEC_PER_SEC)

void
pst_gate_run_clear(PstGateRun *run)
{
    g_clear_pointer(&run->verdict, pst_gate_verdict_free);
}

static void
free_answers(PstAnswer **answers, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}

static PstGateVerdict *
judge_once(const PstOptions *options, const char *method, const char *domain,
           const PstGateCase *one, gint64 deadline_us, GError **error)
{
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    g_autoptr(PstReport) host = NULL;
    guint n = 0;
    PstAnswer **questions = pst_gate_questions(one, &n);
    PstAnswer **answers = pst_ask_questions(ask, questions, n, NULL, &host, error);

    if (answers == NULL)
        return NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    PstGateCase asked = *one;
    asked.guest = pst_ask_name(ask);
    asked.answers = answers;
    asked.n_answers = n;
    asked.host = host;
    asked.now = now;
    PstGateVerdict *verdict = pst_gate_judge(&asked);
    free_answers(answers, n);
    return verdict;
}

gboolean
pst_gate_run(const PstOptions *options, const char *method, const char *domain,
             const PstGateCase *one, gint64 settle_us, PstGateRun *run, GError **error)
{
    const gint64 begun_us = g_get_monotonic_time();
    const gint64 deadline_us = begun_us + options->deadline_us;
    const gint64 until_us = MIN(deadline_us, begun_us + settle_us);
    PstWaitPace pace = {0};

    for (;;) {
        gint64 now_us = g_get_monotonic_time();
        gint64 asked_until_us = settle_us > 0 ? MIN(deadline_us, now_us + ASK_US) : deadline_us;
        g_autoptr(GError) cause = NULL;

        pst_wait_pace_begin(&pace, now_us);
        run->n_asked++;
        PstGateVerdict *verdict = judge_once(options, method, domain, one, asked_until_us, &cause);
        if (verdict == NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        pst_gate_run_clear(run);
        run->verdict = verdict;
        now_us = g_get_monotonic_time();
        run->took_us = now_us - begun_us;
        gint64 next_us = pst_wait_pace_next(&pace, now_us);
        if (!pst_gate_may_change(verdict) || next_us >= until_us)
            return TRUE;
        g_usleep((gulong)(next_us - now_us));
    }
}
