// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-facts.h"
#include "protocol/report-services.h"
#include "protocol/vocabulary.h"

/* ---- exceptions ---- */

static gboolean
has_excuse(const GPtrArray *excuses, const PstFinding *finding)
{
    for (guint i = 0; excuses != NULL && i < excuses->len; i++) {
        const PstGateExcuse *one = excuses->pdata[i];
        if (g_str_equal(one->finding, finding->id) &&
            g_strcmp0(one->message, finding->message) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
tell_excuse(GPtrArray **excuses, const PstPolicyException *exception, const PstFinding *finding,
            gboolean holds)
{
    if (has_excuse(*excuses, finding))
        return;
    PstGateExcuse *excuse = pst_fields_append(&pst_gate_excuse_fields, excuses);
    excuse->finding = g_strdup(finding->id);
    excuse->verdict = g_strdup(exception->word == PST_POLICY_ALLOW ? "allow" : "downgrade");
    excuse->message = g_strdup(finding->message);
    excuse->reason = g_strdup(exception->reason);
    excuse->expired = PST_TRI(!holds);
    if (g_date_valid(&exception->until))
        excuse->until =
            g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&exception->until),
                            g_date_get_month(&exception->until), g_date_get_day(&exception->until));
}

/* What is let pass takes with it what follows from it, unless it is of one thing only. */
static gboolean
covers(const PstPolicyException *exception, const PstCause *cause)
{
    return pst_policy_exception_matches(exception, cause->finding) ||
           (exception->what == NULL && pst_policy_exception_matches(exception, cause->root));
}

/* As how severe what it covers counts at most. */
static int
ceiling_of(const PstGateFacts *facts, const PstPolicyException *exception)
{
    if (!pst_policy_exception_holds(exception, facts->one->now))
        return G_MAXINT;
    return exception->word == PST_POLICY_ALLOW ? PST_SEVERITY_INFORMATION : exception->severity;
}

/* As how severe it counts. Of several exceptions the one that decides is told: one that is over
 * only where none is in force. */
static int
weigh(const PstGateFacts *facts, const PstCause *cause, GPtrArray **excuses)
{
    const GPtrArray *exceptions = facts->one->policy->exceptions;
    const PstPolicyException *decisive = NULL;
    int lowest = G_MAXINT;

    for (guint i = 0; i < exceptions->len; i++) {
        const PstPolicyException *one = exceptions->pdata[i];

        if (one->word == PST_POLICY_FORBID || !covers(one, cause))
            continue;
        int ceiling = ceiling_of(facts, one);
        if (decisive != NULL && ceiling >= lowest)
            continue;
        decisive = one;
        lowest = ceiling;
    }
    if (decisive != NULL)
        tell_excuse(excuses, decisive, cause->finding, lowest < G_MAXINT);
    return MIN(cause->finding->severity, lowest);
}

/* ---- what the policy wants so ---- */

/* The unit by the name that the policy has for it, as it was asked for. */
static gboolean
is_unit(const PstServicesData *data, const char *subject, const char *name)
{
    for (guint i = 0; data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        if (g_strcmp0(unit->name, name) == 0)
            return pst_report_services_is(unit, subject);
    }
    return FALSE;
}

/* A unit that is asked for is missed where it does not run: by the probe, that does not know who
 * expects it not to. */
static gboolean
is_meant(const PstGateFacts *facts, const PstCause *cause)
{
    static const char *const ids[] = {"services.inactive", "services.masked", "services.not-found",
                                      NULL};
    const PstEvidence *evidence = cause->finding->evidence;
    const GPtrArray *rules = facts->one->policy->rules;

    if (!g_str_equal(cause->answer->probe, pst_report_services_kind.name) ||
        !g_strv_contains(ids, cause->finding->id) || evidence == NULL || evidence->unit == NULL)
        return FALSE;
    for (guint i = 0; i < rules->len; i++) {
        const PstPolicyRule *rule = rules->pdata[i];

        if (rule->kind == PST_POLICY_UNIT_INACTIVE &&
            is_unit(cause->answer->report->data, rule->subject, evidence->unit))
            return TRUE;
    }
    return FALSE;
}

/* ---- before ---- */

static gboolean
is_same(const PstFinding *a, const PstFinding *b)
{
    const PstEvidence *one = a->evidence, *other = b->evidence;

    if (!g_str_equal(a->id, b->id))
        return FALSE;
    if (one == NULL || other == NULL)
        return one == other;
    return g_strcmp0(one->path, other->path) == 0 && g_strcmp0(one->unit, other->unit) == 0 &&
           g_strcmp0(one->user, other->user) == 0 &&
           (one->name == NULL || other->name == NULL || g_str_equal(one->name, other->name));
}

/* Takes one of before that is as bad as FINDING, and of these the least bad; FALSE where none is
 * left. */
static gboolean
take_former(const GPtrArray *formers, const PstFinding *finding, gboolean *taken)
{
    guint found = formers->len;

    for (guint i = 0; i < formers->len; i++) {
        const PstFinding *former = formers->pdata[i];

        if (taken[i] || former->severity == PST_SEVERITY_UNKNOWN ||
            former->severity < finding->severity || !is_same(former, finding))
            continue;
        if (found == formers->len ||
            former->severity < ((PstFinding *)formers->pdata[found])->severity)
            found = i;
    }
    if (found < formers->len)
        taken[found] = TRUE;
    return found < formers->len;
}

/* One of before stands for one of now, and not for all that are told alike: where there was one and
 * are two, one is new. */
static gboolean
has_former(const GPtrArray *formers, const PstCause *cause)
{
    const GPtrArray *findings = cause->answer->report->findings;
    g_autofree gboolean *taken = g_new0(gboolean, formers->len + 1);
    gboolean has = FALSE;

    for (guint i = 0; i < findings->len; i++) {
        const PstFinding *finding = findings->pdata[i];

        if (finding->severity != PST_SEVERITY_UNKNOWN && is_same(finding, cause->finding))
            has = take_former(formers, finding, taken);
        if (finding == cause->finding)
            break;
    }
    return has;
}

static gboolean
is_below(const char *path, const char *folder)
{
    gsize len = strlen(folder);

    return g_str_has_prefix(path, folder) && (path[len] == '\0' || path[len] == '/');
}

/* Whether FORMER, of before, says that what FINDING is about could not be looked at: by the same
 * finding, by a place, or for all of the probe. */
static gboolean
hides(const PstFinding *former, const PstFinding *finding)
{
    const PstEvidence *place = former->evidence, *what = finding->evidence;

    if (former->severity != PST_SEVERITY_UNKNOWN)
        return FALSE;
    if (is_same(former, finding))
        return TRUE;
    if (!g_str_has_suffix(former->id, ".could-not-look") || place == NULL)
        return FALSE;
    if (place->path != NULL)
        return what != NULL && what->path != NULL && is_below(what->path, place->path);
    return place->unit == NULL && place->user == NULL && place->name == NULL;
}

/* Those of before that could not be looked at were looked at by nobody. And what could not be
 * looked at then may have been so or not: that "unknown" ranks above a warning is how urgent it is,
 * not how bad it was. */
static PstTri
was_there(const PstGateFacts *facts, const PstCause *cause)
{
    const PstAnswer *before = pst_gate_facts_before(facts, cause->answer);

    if (before == NULL)
        return PST_TRI_UNKNOWN;
    const GPtrArray *formers = before->report->findings;
    if (has_former(formers, cause))
        return PST_TRI_YES;
    for (guint i = 0; i < formers->len; i++)
        if (hides(formers->pdata[i], cause->finding))
            return PST_TRI_UNKNOWN;
    return before->report->truncated ? PST_TRI_UNKNOWN : PST_TRI_NO;
}

/* ---- none, and none that is new ---- */

typedef struct {
    const PstGateFacts *facts;
    const PstPolicyRule *rule;
    GPtrArray *outcomes, **excuses;
    guint n_before;    /* outcomes of other expectations */
    GString *told;     /* the ids of findings that those tell already */
    gboolean *lasting; /* that one of them is */
} Judging;

/* Of a journal that is asked once for both, what its expectation judges entry by entry, with those
 * that may be left out, and what is said of the question and not of the guest. */
static gboolean
is_judged_by_entries(const Judging *judging, const PstCause *cause)
{
    static const char *const ids[] = {"journal.critical-entries", "journal.errors",
                                      "journal.foreign-cursor", NULL};

    return cause->answer == judging->facts->journal && g_strv_contains(ids, cause->finding->id);
}

/* What it comes to by itself; HELD: nothing is to be told of it. */
static PstGateState
state_of(const Judging *judging, const PstCause *cause)
{
    if (is_meant(judging->facts, cause) || is_judged_by_entries(judging, cause))
        return PST_GATE_HELD;
    int severity = weigh(judging->facts, cause, judging->excuses);

    if (severity < judging->rule->number &&
        !(severity == PST_SEVERITY_UNKNOWN && judging->rule->number == PST_SEVERITY_CRITICAL))
        return PST_GATE_HELD;
    if (cause->finding->severity == PST_SEVERITY_UNKNOWN)
        return PST_GATE_UNCHECKED;
    if (judging->rule->kind == PST_POLICY_NO_FINDING)
        return PST_GATE_BROKEN;
    switch (was_there(judging->facts, cause)) {
    case PST_TRI_YES:
        return PST_GATE_HELD;
    case PST_TRI_NO:
        return PST_GATE_BROKEN;
    case PST_TRI_UNKNOWN:
        break;
    }
    return PST_GATE_UNCHECKED;
}

/* A symptom is told with its cause where that is told as well, and is no less bad: what is new and
 * follows from what was there before is told itself, and what could not be looked at hides nothing
 * that is seen to be broken. */
static gboolean
is_told_by_root(const Judging *judging, const PstCause *cause, PstGateState state)
{
    const PstCause *root = pst_gate_facts_cause(judging->facts, cause->root);

    if (cause->root == cause->finding || root == NULL)
        return FALSE;
    PstGateState of_root = state_of(judging, root);
    return of_root == PST_GATE_BROKEN || of_root == state;
}

static gboolean
is_that(const PstFinding *told, const PstFinding *finding)
{
    return told != NULL && is_same(told, finding) &&
           g_strcmp0(told->message, finding->message) == 0;
}

/* The broken one that tells of it already, as what was found or as what that follows from: nobody
 * is to mend it twice. */
static const PstGateOutcome *
told_of(const Judging *judging, const PstFinding *finding)
{
    for (guint i = 0; i < judging->n_before; i++) {
        const PstGateOutcome *outcome = judging->outcomes->pdata[i];

        if (outcome->state == PST_GATE_BROKEN &&
            (is_that(outcome->finding, finding) || is_that(outcome->root, finding)))
            return outcome;
    }
    return NULL;
}

static gboolean
note_told(const Judging *judging, const PstFinding *finding)
{
    const PstGateOutcome *outcome = told_of(judging, finding);

    if (outcome == NULL)
        return FALSE;
    g_string_append_printf(judging->told, "%s%s", judging->told->len > 0 ? ", " : "", finding->id);
    *judging->lasting |= outcome->lasting;
    return TRUE;
}

static void
add_finding(const Judging *judging, const PstCause *cause, PstGateState state, char *message)
{
    PstGateOutcome *outcome =
        pst_gate_outcome_add(judging->outcomes, judging->rule, state, message);

    pst_gate_outcome_of(outcome, cause->answer->probe, cause->answer);
    pst_gate_outcome_blame(judging->facts, outcome, cause->finding);
    outcome->lasting = state == PST_GATE_BROKEN && pst_gate_moving_lasts(outcome);
}

static void
judge_cause(const Judging *judging, const PstCause *cause)
{
    PstGateState state = state_of(judging, cause);

    if (state == PST_GATE_HELD || is_told_by_root(judging, cause, state) ||
        (state == PST_GATE_BROKEN && note_told(judging, cause->finding)))
        return;
    if (state == PST_GATE_BROKEN || cause->finding->severity == PST_SEVERITY_UNKNOWN)
        add_finding(judging, cause, state, g_strdup(cause->finding->message));
    else
        add_finding(judging, cause, state,
                    g_strdup_printf("%s; the baseline does not tell whether it was so before",
                                    cause->finding->message));
}

/* A probe that told nothing, or not all, may have found anything. */
static void
judge_silent(const Judging *judging)
{
    const GPtrArray *base = judging->facts->base;

    for (guint i = 0; i < base->len; i++) {
        const PstAnswer *answer = base->pdata[i];

        if (!pst_gate_facts_is_of_now(answer) && answer != judging->facts->access)
            pst_gate_outcome_add_unlooked(judging->outcomes, judging->rule, answer->probe, answer);
    }
}

/* It is broken by them all the same. */
static void
add_told(const Judging *judging)
{
    if (judging->told->len == 0)
        return;
    pst_gate_outcome_add(judging->outcomes, judging->rule, PST_GATE_BROKEN,
                         g_strdup_printf("broken by what is told above: %s", judging->told->str))
        ->lasting = *judging->lasting;
}

static void
judge_findings(const Judging *judging)
{
    const PstGateFacts *facts = judging->facts;
    guint n = judging->outcomes->len;

    for (guint i = 0; i < facts->causes->len; i++)
        judge_cause(judging, &g_array_index(facts->causes, PstCause, i));
    judge_silent(judging);
    add_told(judging);
    if (judging->outcomes->len > n)
        return;
    if (facts->now->len == 0)
        pst_gate_outcome_add(judging->outcomes, judging->rule, PST_GATE_UNCHECKED,
                             g_strdup("no probe was asked"));
    else
        pst_gate_outcome_of(
            pst_gate_outcome_add(judging->outcomes, judging->rule, PST_GATE_HELD,
                                 g_strdup(judging->rule->kind == PST_POLICY_NO_FINDING
                                              ? "nothing so severe was found"
                                              : "nothing new that is so severe was found")),
            NULL, facts->now->pdata[0]);
}

/* ---- forbidden ones ---- */

static const PstPolicyException *
forbidding(const PstGateFacts *facts, const PstPolicyRule *rule)
{
    const GPtrArray *exceptions = facts->one->policy->exceptions;

    for (guint i = 0; i < exceptions->len; i++) {
        const PstPolicyException *one = exceptions->pdata[i];
        if (one->word == PST_POLICY_FORBID && g_str_equal(one->pattern, rule->subject))
            return one;
    }
    return NULL;
}

/* The probes that may have such a finding. */
static gboolean
concerns(const PstPolicyException *exception, const char *probe)
{
    const char *dot = strchr(exception->id, '.');
    g_autofree char *prefix =
        dot != NULL ? g_strndup(exception->id, (gsize)(dot - exception->id)) : g_strdup("*");

    return g_pattern_match_simple(prefix, probe);
}

static void
judge_forbidden_of(const Judging *judging, const PstPolicyException *exception,
                   const PstAnswer *answer)
{
    const GPtrArray *findings = answer->report->findings;
    const PstFinding *unlooked = pst_gate_facts_unlooked(answer);
    gboolean any = FALSE;

    for (guint i = 0; i < findings->len; i++) {
        const PstFinding *finding = findings->pdata[i];

        if (!pst_policy_exception_matches(exception, finding))
            continue;
        any = TRUE;
        /* That nobody could look is no proof of what is forbidden, whatever it is called. */
        gboolean seen = finding->severity != PST_SEVERITY_UNKNOWN;
        PstGateOutcome *outcome = pst_gate_outcome_add(judging->outcomes, judging->rule,
                                                       seen ? PST_GATE_BROKEN : PST_GATE_UNCHECKED,
                                                       g_strdup(finding->message));
        pst_gate_outcome_of(outcome, answer->probe, answer);
        pst_gate_outcome_blame(judging->facts, outcome, finding);
        outcome->lasting = seen && pst_gate_moving_lasts(outcome);
    }
    if (any || (unlooked == NULL && !answer->report->truncated))
        return;
    pst_gate_outcome_of(pst_gate_outcome_add(judging->outcomes, judging->rule, PST_GATE_UNCHECKED,
                                             unlooked != NULL ? g_strdup(unlooked->message)
                                                              : g_strdup("its report was cut")),
                        answer->probe, answer);
}

static void
judge_forbidden(const Judging *judging)
{
    const PstPolicyException *exception = forbidding(judging->facts, judging->rule);
    const GPtrArray *base = judging->facts->base;
    guint n = judging->outcomes->len;
    const PstAnswer *looked = NULL;

    for (guint i = 0; exception != NULL && i < base->len; i++) {
        const PstAnswer *answer = base->pdata[i];

        if (!concerns(exception, answer->probe))
            continue;
        if (pst_gate_facts_is_of_now(answer)) {
            looked = answer;
            judge_forbidden_of(judging, exception, answer);
        } else {
            pst_gate_outcome_add_unlooked(judging->outcomes, judging->rule, answer->probe, answer);
        }
    }
    if (judging->outcomes->len > n)
        return;
    if (looked == NULL)
        pst_gate_outcome_add(judging->outcomes, judging->rule, PST_GATE_UNCHECKED,
                             g_strdup("nobody looked"));
    else
        pst_gate_outcome_of(pst_gate_outcome_add(judging->outcomes, judging->rule, PST_GATE_HELD,
                                                 g_strdup("nothing of that was found")),
                            looked->probe, looked);
}

void
pst_gate_findings_rule(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes,
                       GPtrArray **excuses)
{
    g_autoptr(GString) told = g_string_new(NULL);
    gboolean lasting = FALSE;
    const Judging judging = {facts, rule, outcomes, excuses, outcomes->len, told, &lasting};

    if (rule->kind == PST_POLICY_FORBIDDEN)
        judge_forbidden(&judging);
    else if (rule->kind == PST_POLICY_NO_NEW_FINDING && facts->incomparable != NULL)
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, g_strdup(facts->incomparable));
    else
        judge_findings(&judging);
}
