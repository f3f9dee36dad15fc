// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-judges.h"
#include "protocol/report-services.h"

/* Of one question; the probe looks closely at no more. */
#define MAX_UNITS 64

/* The answer of the guest itself that tells what runs. */
static const PstServicesData *
find(PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++) {
        const PstAnswer *answer = answers[i];

        if (g_str_equal(answer->probe, pst_report_services_kind.name) &&
            pst_gate_facts_is_of_now(answer))
            return answer->report->data;
    }
    return NULL;
}

static const PstServicesUnit *
find_unit(const PstServicesData *data, const char *name)
{
    for (guint i = 0; data != NULL && data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        if (g_strcmp0(unit->name, name) == 0 || g_strcmp0(unit->asked_as, name) == 0)
            return unit;
    }
    return NULL;
}

static const PstServicesData *
of_before(const PstGateCase *one)
{
    return one->before != NULL
               ? find((PstAnswer *const *)one->before->answers->pdata, one->before->answers->len)
               : NULL;
}

static gboolean
is_excepted(const PstPolicy *policy, const char *unit)
{
    for (guint i = 0; policy->failed_except[i] != NULL; i++)
        if (g_pattern_match_simple(policy->failed_except[i], unit))
            return TRUE;
    return FALSE;
}

static GPtrArray *
not_running(const PstPolicy *policy, const PstServicesData *former, const PstServicesData *now)
{
    GPtrArray *lost = g_ptr_array_new();

    if (former == NULL || former->running == NULL || now == NULL || now->running == NULL)
        return lost;
    for (guint i = 0; former->running[i] != NULL; i++)
        if (!g_strv_contains((const char *const *)now->running, former->running[i]) &&
            !is_excepted(policy, former->running[i]))
            g_ptr_array_add(lost, former->running[i]);
    return lost;
}

GPtrArray *
pst_gate_judges_former_units(const PstGateCase *one)
{
    const PstServicesData *now = find(one->answers, one->n_answers);
    g_autoptr(GPtrArray) lost = NULL;
    GPtrArray *untold = g_ptr_array_new();

    if (!pst_policy_has(one->policy, PST_POLICY_NO_LOST_UNIT))
        return untold;
    lost = not_running(one->policy, of_before(one), now);
    for (guint i = 0; i < lost->len && untold->len < MAX_UNITS; i++)
        if (find_unit(now, lost->pdata[i]) == NULL)
            g_ptr_array_add(untold, lost->pdata[i]);
    return untold;
}

/* ---- what became of one ---- */

/* What nobody enables is started when something needs it, and ends when nobody does: by a timer, a
 * socket, a call over D-Bus, a login (unit files' states: systemctl(1), is-enabled). */
static gboolean
comes_and_goes(const PstServicesUnit *unit)
{
    static const char *const states[] = {"static", "indirect", "transient", NULL};

    return unit->enabled != NULL && g_strv_contains(states, unit->enabled);
}

/* Those that failed another expectation may be about, which tells more of them. */
static gboolean
is_told_as_failed(const PstPolicy *policy, const PstServicesUnit *unit)
{
    return g_strcmp0(unit->active, "failed") == 0 &&
           (pst_policy_has(policy, PST_POLICY_NO_NEW_FAILED_UNIT) ||
            pst_policy_has(policy, PST_POLICY_NO_FAILED_UNIT));
}

static gboolean
is_gone(const PstServicesUnit *unit)
{
    static const char *const states[] = {"inactive", "failed", NULL};

    return unit->active != NULL && g_strv_contains(states, unit->active) && !comes_and_goes(unit);
}

static char *
words_of(const PstServicesUnit *unit)
{
    if (unit->load != NULL && !g_str_equal(unit->load, "loaded"))
        return g_strdup_printf("%s ran, and is %s (%s)", unit->name, unit->active, unit->load);
    return g_strdup_printf("%s ran, and is %s", unit->name, unit->active);
}

static void
judge_unit(const PstGateFacts *facts, const PstPolicyRule *rule, const char *name,
           GPtrArray *outcomes)
{
    const char *probe = pst_report_services_kind.name;
    const PstAnswer *base = pst_gate_facts_find(facts, probe);
    const PstServicesUnit *unit = find_unit(base->report->data, name);
    PstGateOutcome *outcome = NULL;

    if (unit == NULL && pst_gate_facts_is_of_now(facts->units))
        unit = find_unit(facts->units->report->data, name);
    if (unit == NULL || unit->active == NULL) {
        g_autofree char *why =
            facts->units != NULL ? pst_gate_facts_why_not(facts->units, probe) : NULL;

        outcome = pst_gate_outcome_add(
            outcomes, rule, PST_GATE_UNCHECKED,
            g_strdup_printf("%s ran, and does not; what became of it is not known%s%s", name,
                            why != NULL ? ": " : "", why != NULL ? why : ""));
    } else if (is_gone(unit) && !is_told_as_failed(facts->one->policy, unit)) {
        outcome = pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN, words_of(unit));
    } else {
        return;
    }
    outcome->unit = g_strdup(name);
    pst_gate_outcome_of(outcome, probe, facts->units != NULL ? facts->units : base);
}

void
pst_gate_judges_lost_units(const PstGateFacts *facts, const PstPolicyRule *rule,
                           GPtrArray *outcomes)
{
    const char *probe = pst_report_services_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstServicesData *now = pst_gate_facts_data(facts, probe);
    const PstServicesData *former = of_before(facts->one);
    guint n = outcomes->len;

    if (now == NULL || now->running == NULL) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    if (former == NULL || former->running == NULL) {
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                             g_strdup("the baseline does not tell which services ran"));
        return;
    }
    g_autoptr(GPtrArray) lost = not_running(facts->one->policy, former, now);
    for (guint i = 0; i < lost->len; i++)
        judge_unit(facts, rule, lost->pdata[i], outcomes);
    if (outcomes->len == n)
        pst_gate_outcome_of(
            pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                                 g_strdup("every service runs that ran, but those that come and "
                                          "go")),
            probe, answer);
}
