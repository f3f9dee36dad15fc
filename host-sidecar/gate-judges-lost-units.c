// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-judges.h"
#include "protocol/report-services.h"

/* Of one question; the probe looks closely at no more. */
#define MAX_UNITS 64

/* The answer of the guest itself that tells what runs. */
static const PstAnswer *
find(PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++) {
        const PstAnswer *answer = answers[i];

        if (g_str_equal(answer->probe, pst_report_services_kind.name) &&
            pst_gate_facts_is_of_now(answer))
            return answer;
    }
    return NULL;
}

static const PstServicesData *
data_of(const PstAnswer *answer)
{
    return answer != NULL ? answer->report->data : NULL;
}

static const PstServicesUnit *
find_unit(const PstServicesData *data, const char *name)
{
    for (guint i = 0; data != NULL && data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        if (pst_report_services_is(unit, name))
            return unit;
    }
    return NULL;
}

static const PstAnswer *
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

static gboolean
has(char *const *names, const char *name)
{
    return names != NULL && g_strv_contains((const char *const *)names, name);
}

static void
add_missing(const PstPolicy *policy, char *const *names, const PstServicesData *now,
            GPtrArray *lost)
{
    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        if (!has(now->running, names[i]) && !has(now->exited, names[i]) &&
            !is_excepted(policy, names[i]))
            g_ptr_array_add(lost, names[i]);
}

/* Those that ran first: where not all can be asked about, they are. */
static GPtrArray *
not_active(const PstPolicy *policy, const PstServicesData *former, const PstServicesData *now)
{
    GPtrArray *lost = g_ptr_array_new();

    if (former == NULL || former->running == NULL || now == NULL || now->running == NULL)
        return lost;
    add_missing(policy, former->running, now, lost);
    add_missing(policy, former->exited, now, lost);
    return lost;
}

GPtrArray *
pst_gate_judges_former_units(const PstGateCase *one)
{
    const PstServicesData *now = data_of(find(one->answers, one->n_answers));
    g_autoptr(GPtrArray) lost = NULL;
    GPtrArray *untold = g_ptr_array_new();

    if (!pst_policy_has(one->policy, PST_POLICY_NO_LOST_UNIT))
        return untold;
    lost = not_active(one->policy, data_of(of_before(one)), now);
    for (guint i = 0; i < lost->len && untold->len < MAX_UNITS; i++)
        if (find_unit(now, lost->pdata[i]) == NULL)
            g_ptr_array_add(untold, lost->pdata[i]);
    return untold;
}

/* ---- what became of one ---- */

static gboolean
is(const char *word, const char *const *words)
{
    return word != NULL && g_strv_contains(words, word);
}

/* What nobody enables is started when something needs it, and ends when nobody does: by a timer, a
 * socket, a call over D-Bus, a login (unit files' states: systemctl(1), is-enabled). */
static gboolean
comes_and_goes(const PstServicesUnit *unit)
{
    static const char *const states[] = {"static", "indirect", "transient", NULL};

    return is(unit->enabled, states);
}

/* One that ended in order, and is started when it is needed: something that waits for that is there
 * still; or it is enabled by another name alone, as what is called over D-Bus is, and no start of
 * the guest starts it. */
static gboolean
waits_for_work(const PstServicesUnit *unit)
{
    static const char *const enabled[] = {"enabled", "alias", NULL};

    return g_strcmp0(unit->active, "inactive") == 0 && g_strcmp0(unit->load, "loaded") == 0 &&
           g_strcmp0(unit->result, "success") == 0 &&
           (unit->on_demand == PST_TRI_YES ||
            (unit->wanted == PST_TRI_NO && is(unit->enabled, enabled)));
}

/* One that systemd starts anew by itself ended otherwise than it was to. */
static gboolean
has_gone_by_itself(const PstServicesUnit *unit)
{
    static const char *const states[] = {"inactive", "activating", "deactivating", NULL};

    return waits_for_work(unit) ||
           (comes_and_goes(unit) && is(unit->active, states) &&
            (unit->sub == NULL || !g_str_has_prefix(unit->sub, "auto-restart")));
}

static char *
words_of(const PstServicesUnit *unit, gboolean ran)
{
    static const char *const ended[] = {"inactive", "failed", NULL};
    const char *more = NULL;

    if (unit->load != NULL && !g_str_equal(unit->load, "loaded"))
        more = unit->load;
    else if (!is(unit->active, ended))
        more = unit->sub;
    return g_strdup_printf("%s %s, and is %s%s%s%s", unit->name, ran ? "ran" : "was active",
                           unit->active, more != NULL ? " (" : "", more != NULL ? more : "",
                           more != NULL ? ")" : "");
}

/* FALSE where that is no outcome: it runs, may have gone, or another expectation, which tells more
 * of what failed, is broken by it: N_TOLD of these. */
static gboolean
judge_unit(const PstGateFacts *facts, const PstPolicyRule *rule, const char *name,
           GPtrArray *outcomes, guint *n_told)
{
    const char *probe = pst_report_services_kind.name;
    const PstAnswer *base = pst_gate_facts_find(facts, probe);
    const PstServicesUnit *unit = find_unit(base->report->data, name);
    const gboolean ran = has(data_of(of_before(facts->one))->running, name);
    PstGateOutcome *outcome = NULL;

    if (unit == NULL && pst_gate_facts_is_of_now(facts->units))
        unit = find_unit(facts->units->report->data, name);
    if (unit == NULL || unit->active == NULL) {
        g_autofree char *why =
            facts->units != NULL ? pst_gate_facts_why_not(facts->units, probe) : NULL;

        outcome = pst_gate_outcome_add(
            outcomes, rule, PST_GATE_UNCHECKED,
            g_strdup_printf("%s %s; what became of it is not known%s%s", name,
                            ran ? "ran, and does not" : "was active, and is not told to be",
                            why != NULL ? ": " : "", why != NULL ? why : ""));
    } else if (pst_gate_judges_runs(unit) || has_gone_by_itself(unit)) {
        return FALSE;
    } else if (pst_gate_judges_tells_failed(facts, unit->name)) {
        (*n_told)++;
        return FALSE;
    } else {
        outcome = pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN, words_of(unit, ran));
    }
    outcome->unit = g_strdup(unit != NULL ? unit->name : name);
    pst_gate_outcome_of(outcome, probe, facts->units != NULL ? facts->units : base);
    return TRUE;
}

/* What a baseline's list leaves out may have run. Shims of before told of those that run alone:
 * where there still is such a one, nothing better can be had. */
static char *
why_not_all(const PstAnswer *before, const PstServicesData *now)
{
    const PstFinding *unlooked = pst_gate_facts_unlooked(before);

    if (data_of(before)->exited == NULL && now->exited != NULL)
        return g_strdup("every service runs that ran; the baseline does not tell of those that had "
                        "done their work, and is to be taken anew");
    if (!before->report->truncated && unlooked == NULL)
        return NULL;
    return g_strdup_printf("of those that the baseline tells of every service runs that ran; it "
                           "does not tell of all: %s",
                           unlooked != NULL ? unlooked->message : "its report was cut");
}

void
pst_gate_judges_lost_units(const PstGateFacts *facts, const PstPolicyRule *rule,
                           GPtrArray *outcomes)
{
    const char *probe = pst_report_services_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstServicesData *now = pst_gate_facts_data(facts, probe);
    const PstAnswer *before = of_before(facts->one);
    const PstServicesData *former = data_of(before);
    gboolean any = FALSE;
    guint n_told = 0;

    if (now == NULL || now->running == NULL) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    if (former == NULL || former->running == NULL) {
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                             g_strdup("the baseline does not tell which services ran"));
        return;
    }
    g_autoptr(GPtrArray) lost = not_active(facts->one->policy, former, now);
    for (guint i = 0; i < lost->len; i++)
        any |= judge_unit(facts, rule, lost->pdata[i], outcomes, &n_told);
    if (any)
        return;
    g_autofree char *why = why_not_all(before, now);
    if (why != NULL) {
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, g_steal_pointer(&why));
        return;
    }
    pst_gate_outcome_of(
        pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                             g_strdup_printf("every service runs that ran, but %sthose that come "
                                             "and go",
                                             n_told > 0 ? "those told as failed, and " : "")),
        probe, answer);
}
