// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-proof.h"

#include "host-sidecar/ask.h"
#include "host-sidecar/wait-run.h"
#include "protocol/error.h"
#include "protocol/report-services.h"

/* What is kept of the time for asking what failed. */
#define ASK_US (5 * (gint64)G_USEC_PER_SEC)

void
pst_power_proof_clear(PstPowerSight *sight)
{
    g_clear_pointer(&sight->mark, pst_mark_free);
    g_clear_pointer(&sight->failed, g_strfreev);
}

/* ---- what is failed ---- */

/* The questions of a mark, and what failed. */
static PstAnswer **
questions(const char *domain, guint *n)
{
    g_autofree PstAnswer **of_mark = pst_mark_questions(domain, n);
    PstAnswer **all = g_new0(PstAnswer *, *n + 1);

    for (guint i = 0; i < *n; i++)
        all[i] = of_mark[i];
    all[(*n)++] = pst_answer_new(domain, pst_report_services_kind.name, NULL);
    return all;
}

void
pst_power_proof_take(const PstOptions *options, const char *method, const char *domain,
                     gint64 deadline_us, PstPowerSight *sight)
{
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    guint n = 0;
    PstAnswer **asked = questions(domain, &n);
    g_autofree PstAnswer **answers = pst_ask_questions(ask, asked, n, NULL, NULL, NULL);

    if (answers == NULL)
        return;
    const PstAnswer *services = pst_mark_find(answers, n, pst_report_services_kind.name);
    sight->mark = pst_mark_make(answers, n, g_get_real_time(), NULL);
    sight->failed = services != NULL ? pst_power_verdict_failed(services->report) : NULL;
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
}

/* ---- that it is back ---- */

static const int verdicts[] = {
    [PST_WAIT_REACHED] = PST_POWER_BACK,
    [PST_WAIT_LATE] = PST_POWER_NOT_BACK,
    [PST_WAIT_GONE] = PST_POWER_GONE,
};

PstPowerProof *
pst_power_proof_make(const PstOptions *options, const char *method, const char *domain,
                     const PstPowerSight *before, GError **error)
{
    g_auto(PstWaitGoal) goal = {.state = PST_WAIT_TARGET};
    g_auto(PstWaitOutcome) outcome = {.end = PST_WAIT_LATE};
    g_auto(PstPowerSight) after = {NULL};

    if (before->mark != NULL) {
        g_autofree char *text = pst_mark_to_text(before->mark);
        goal.since = pst_mark_parse(text, NULL);
    }
    if (!pst_wait_run(options, method, domain, &goal, &outcome, error))
        return NULL;
    PstPowerProof *proof = pst_fields_new(&pst_power_proof_fields);
    proof->verdict = verdicts[outcome.end];
    proof->seen = g_strdup(outcome.seen);
    proof->waited_ms = outcome.waited_us / 1000;
    proof->boot_before = before->mark != NULL ? g_strdup(before->mark->boot_id) : NULL;
    proof->boot_after = g_strdup(outcome.boot_id);
    proof->n_failed =
        before->failed != NULL ? (gint64)g_strv_length(before->failed) : PST_INT_UNKNOWN;
    if (outcome.end != PST_WAIT_REACHED)
        return proof;
    pst_power_proof_take(
        options, method, domain,
        g_get_monotonic_time() +
            MIN(ASK_US, MAX(G_USEC_PER_SEC, options->deadline_us - outcome.waited_us)),
        &after);
    pst_power_verdict_compare(proof, (const char *const *)before->failed,
                              (const char *const *)after.failed);
    return proof;
}
