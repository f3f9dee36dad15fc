// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-judges.h"
#include "protocol/report-services.h"
#include "protocol/report-system.h"

/* Closer than that the guest's clocks, read one after the other, do not tell what came first. */
#define SAME_MOMENT_US (G_GINT64_CONSTANT(1) * 1000)

static const PstServicesUnit *
find_unit(const PstServicesData *data, const char *name)
{
    for (guint i = 0; data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        if (pst_report_services_is(unit, name))
            return unit;
    }
    return NULL;
}

static gboolean
is_in(const char *word, const char *const *words)
{
    return word != NULL && g_strv_contains(words, word);
}

static const PstFinding *
finding_of_unit(const PstAnswer *answer, const char *unit)
{
    const GPtrArray *findings = answer->report->findings;

    for (guint i = 0; i < findings->len; i++) {
        const PstFinding *finding = findings->pdata[i];

        if (finding->severity > PST_SEVERITY_INFORMATION && finding->evidence != NULL &&
            g_strcmp0(finding->evidence->unit, unit) == 0)
            return finding;
    }
    return NULL;
}

static char *
words_of_unit(const PstServicesUnit *unit)
{
    const char *result = unit->result;

    if (g_strcmp0(unit->load, "loaded") != 0 && unit->load != NULL)
        return g_strdup_printf("%s is %s (%s)", unit->name, unit->active, unit->load);
    if (result != NULL && !g_str_equal(result, "success"))
        return g_strdup_printf("%s is %s (%s)", unit->name, unit->active, result);
    return g_strdup_printf("%s is %s", unit->name, unit->active);
}

static void
blame_unit(const PstGateFacts *facts, PstGateOutcome *outcome, const PstAnswer *answer,
           const char *unit)
{
    const PstFinding *finding = finding_of_unit(answer, unit);

    pst_gate_outcome_of(outcome, pst_report_services_kind.name, answer);
    outcome->unit = g_strdup(unit);
    if (outcome->state == PST_GATE_BROKEN && finding != NULL)
        pst_gate_outcome_blame(facts, outcome, finding);
}

gboolean
pst_gate_judges_runs(const PstServicesUnit *unit)
{
    static const char *const active[] = {"active", "reloading", NULL};

    return is_in(unit->active, active);
}

void
pst_gate_judges_unit(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    static const char *const inactive[] = {"inactive", "failed", NULL};
    const char *probe = pst_report_services_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstServicesData *data = pst_gate_facts_data(facts, probe);
    const PstServicesUnit *unit = data != NULL ? find_unit(data, rule->subject) : NULL;

    if (unit == NULL || unit->active == NULL) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    gboolean holds = rule->kind == PST_POLICY_UNIT_ACTIVE ? pst_gate_judges_runs(unit)
                                                          : is_in(unit->active, inactive);
    PstGateOutcome *outcome = pst_gate_outcome_add(
        outcomes, rule, holds ? PST_GATE_HELD : PST_GATE_BROKEN, words_of_unit(unit));
    blame_unit(facts, outcome, answer, unit->name);
}

static gboolean
is_excepted(char *const *patterns, const char *text)
{
    for (; *patterns != NULL; patterns++)
        if (g_pattern_match_simple(*patterns, text))
            return TRUE;
    return FALSE;
}

/* What failed before a start of the guest fails anew in it. */
static gboolean
was_started_since(const PstGateFacts *facts)
{
    const PstSystemData *now = pst_gate_facts_data(facts, pst_report_system_kind.name);
    const PstSince *since = facts->one->since;

    if (now == NULL || since == NULL)
        return FALSE;
    if (since->mark != NULL)
        return g_strcmp0(now->boot_id, since->mark->boot_id) != 0;
    return now->clock != NULL && now->clock->boottime_us != PST_INT_UNKNOWN &&
           now->clock->boottime_us < since->span_us;
}

/* Since when a unit is so is told by how long that is ago, and the clock of now: what a mark's
 * clock showed is nothing to hold it against, where it was set meanwhile. */
static gint64
moment_by_clock_of_now(const PstGateFacts *facts)
{
    const PstSystemData *now = pst_gate_facts_data(facts, pst_report_system_kind.name);
    const PstMark *mark = facts->one->since != NULL ? facts->one->since->mark : NULL;

    if (mark == NULL)
        return pst_gate_facts_moment(facts);
    if (now == NULL || now->clock == NULL || now->clock->realtime_us == PST_INT_UNKNOWN ||
        now->clock->boottime_us == PST_INT_UNKNOWN)
        return PST_INT_UNKNOWN;
    return now->clock->realtime_us - (now->clock->boottime_us - mark->boottime_us);
}

/* Whether it had not failed in the baseline, or where that does not tell, failed after the moment.
 * *WHY where that is unknown. */
static PstTri
is_new(const PstGateFacts *facts, const PstServicesUnit *unit, const char **why)
{
    const PstAnswer *before =
        pst_gate_facts_before(facts, pst_gate_facts_find(facts, pst_report_services_kind.name));
    gint64 moment_us = moment_by_clock_of_now(facts);
    const PstServicesUnit *former =
        before != NULL ? find_unit(before->report->data, unit->name) : NULL;
    if (former != NULL)
        return PST_TRI(g_strcmp0(former->active, "failed") != 0);
    /* It had not, where all of those that had are told. */
    if (before != NULL && !before->report->truncated && pst_gate_facts_unlooked(before) == NULL)
        return PST_TRI_YES;
    if (was_started_since(facts)) {
        *why = "the guest was started anew since, and whether it had failed before that is not "
               "known";
        return PST_TRI_UNKNOWN;
    }
    if (moment_us == PST_INT_UNKNOWN || unit->since_us == PST_INT_UNKNOWN) {
        *why = "when is not known";
        return PST_TRI_UNKNOWN;
    }
    if (ABS(unit->since_us - moment_us) < SAME_MOMENT_US) {
        *why = "at that very moment";
        return PST_TRI_UNKNOWN;
    }
    return PST_TRI(unit->since_us > moment_us);
}

gboolean
pst_gate_judges_tells_failed(const PstGateFacts *facts, const char *name)
{
    const PstPolicy *policy = facts->one->policy;
    const PstServicesData *data = pst_gate_facts_data(facts, pst_report_services_kind.name);
    const PstServicesUnit *unit = data != NULL ? find_unit(data, name) : NULL;
    const char *why = NULL;

    if (unit == NULL || g_strcmp0(unit->active, "failed") != 0 ||
        is_excepted(policy->failed_except, unit->name))
        return FALSE;
    return pst_policy_has(policy, PST_POLICY_NO_FAILED_UNIT) ||
           (pst_policy_has(policy, PST_POLICY_NO_NEW_FAILED_UNIT) &&
            is_new(facts, unit, &why) == PST_TRI_YES);
}

static gboolean
judge_failed(const PstGateFacts *facts, const PstPolicyRule *rule, const PstServicesUnit *unit,
             GPtrArray *outcomes)
{
    PstTri fresh = PST_TRI_YES;
    const char *why = NULL;

    if (unit->active == NULL) {
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                             g_strdup_printf("whether %s is failed is not told", unit->name))
            ->unit = g_strdup(unit->name);
        return TRUE;
    }
    if (g_strcmp0(unit->active, "failed") != 0 ||
        is_excepted(facts->one->policy->failed_except, unit->name))
        return FALSE;
    if (rule->kind == PST_POLICY_NO_NEW_FAILED_UNIT)
        fresh = is_new(facts, unit, &why);
    if (fresh == PST_TRI_NO)
        return FALSE;
    PstGateOutcome *outcome = pst_gate_outcome_add(
        outcomes, rule, fresh == PST_TRI_YES ? PST_GATE_BROKEN : PST_GATE_UNCHECKED,
        fresh == PST_TRI_YES ? words_of_unit(unit)
                             : g_strdup_printf("%s failed; %s", unit->name, why));
    blame_unit(facts, outcome, pst_gate_facts_find(facts, pst_report_services_kind.name),
               unit->name);
    return TRUE;
}

/* Where N are failed, all of which may be. */
static char *
words_of_failed(const PstPolicyRule *rule, guint n)
{
    if (n == 0)
        return g_strdup("no unit is failed");
    return g_strdup_printf("%u %s failed, and %s", n, n == 1 ? "unit is" : "units are",
                           rule->kind == PST_POLICY_NO_FAILED_UNIT ? "may be so"
                                                                   : "none that may not be is new");
}

void
pst_gate_judges_failed(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_services_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstServicesData *data = pst_gate_facts_data(facts, probe);
    gboolean any = FALSE;
    guint n = 0;

    for (guint i = 0; data != NULL && data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        any |= judge_failed(facts, rule, unit, outcomes);
        n += g_strcmp0(unit->active, "failed") == 0;
    }
    if (any)
        return;
    if (data == NULL || data->source == NULL || answer->report->truncated) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    /* systemd may have named the failed ones, and then not told of them in time. */
    const PstFinding *unlooked = pst_gate_facts_unlooked(answer);
    if (unlooked != NULL) {
        pst_gate_outcome_of(
            pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, g_strdup(unlooked->message)),
            probe, answer);
        return;
    }
    pst_gate_outcome_of(
        pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD, words_of_failed(rule, n)), probe,
        answer);
}
