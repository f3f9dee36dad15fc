// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/gate-judges.h"
#include "protocol/report-checks.h"
#include "protocol/report-sudo.h"
#include "protocol/report-system.h"

/* ---- access ---- */

static const PstAccessWay *
find_way(const PstAccessData *data, const char *name)
{
    for (guint i = 0; data->ways != NULL && i < data->ways->len; i++)
        if (g_str_equal(((PstAccessWay *)data->ways->pdata[i])->way, name))
            return data->ways->pdata[i];
    return NULL;
}

/* Of the ways that decide it, the one that is told. */
static const PstAccessWay *
way_of(const PstAccessData *data, const PstPolicyRule *rule)
{
    if (rule->kind == PST_POLICY_WAY)
        return find_way(data, rule->subject);
    return find_way(data, rule->kind == PST_POLICY_ROOT ? "sudo" : "ssh-key");
}

static int
verdict_of(const PstAccessData *data, const PstPolicyRule *rule)
{
    const PstAccessWay *way;

    if (rule->kind == PST_POLICY_LOGIN)
        return data->login;
    if (rule->kind == PST_POLICY_ROOT)
        return data->root;
    way = find_way(data, rule->subject);
    return way != NULL ? way->verdict : PST_ACCESS_UNKNOWN;
}

static const char *
what_of(const PstPolicyRule *rule)
{
    if (rule->kind == PST_POLICY_LOGIN)
        return "get in by SSH";
    return rule->kind == PST_POLICY_ROOT ? "become root" : rule->subject;
}

/* A step whose probe gave no report of now says why; else the way's own reason does. */
static char *
why_unknown(const PstGateFacts *facts, const PstAccessWay *way)
{
    for (guint i = 0; way != NULL && way->steps != NULL && i < way->steps->len; i++) {
        const PstAccessStep *step = way->steps->pdata[i];

        if (step->verdict != PST_ACCESS_UNKNOWN || step->probe == NULL)
            continue;
        char *why = pst_gate_facts_why_not(pst_gate_facts_find(facts, step->probe), step->probe);
        if (why != NULL)
            return why;
    }
    return g_strdup(way != NULL && way->because != NULL ? way->because : "nobody looked");
}

/* The finding that shuts it: the derived one's cause is told with it. */
static const PstFinding *
shut_by(const PstGateFacts *facts, const PstPolicyRule *rule)
{
    const char *id = rule->kind == PST_POLICY_LOGIN ? "access.no-login" : "access.no-root";
    const GPtrArray *findings = facts->access->report->findings;
    const PstAccessWay *way = way_of(facts->access->report->data, rule);

    for (guint i = 0; rule->kind != PST_POLICY_WAY && i < findings->len; i++)
        if (g_str_equal(((PstFinding *)findings->pdata[i])->id, id))
            return findings->pdata[i];
    for (guint i = 0; way != NULL && way->steps != NULL && i < way->steps->len; i++) {
        const PstAccessStep *step = way->steps->pdata[i];

        for (guint j = 0; step->verdict == PST_ACCESS_SHUT && j < facts->causes->len; j++)
            if (g_strcmp0(g_array_index(facts->causes, PstCause, j).finding->id, step->finding) ==
                0)
                return g_array_index(facts->causes, PstCause, j).finding;
    }
    return NULL;
}

static void
add_shut(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const PstFinding *finding = shut_by(facts, rule);
    const PstAccessData *data = facts->access->report->data;
    const PstAccessWay *way = way_of(data, rule);
    PstGateOutcome *outcome = pst_gate_outcome_add(
        outcomes, rule, PST_GATE_BROKEN,
        finding != NULL && rule->kind != PST_POLICY_WAY
            ? g_strdup(finding->message)
            : g_strdup_printf("%s is shut to %s: %s", what_of(rule), data->user,
                              way != NULL && way->because != NULL ? way->because : "unknown"));

    pst_gate_outcome_of(outcome, "access", facts->access);
    if (finding == NULL)
        return;
    pst_gate_outcome_blame(facts, outcome, finding);
    outcome->lasting = pst_gate_moving_lasts(outcome);
}

/* What says that sudo did not answer in time, where it is that which decides; else NULL. */
static const PstFinding *
hung_sudo(const PstGateFacts *facts, const PstPolicyRule *rule)
{
    const PstAnswer *answer = pst_gate_facts_find(facts, pst_report_sudo_kind.name);
    const GPtrArray *findings = pst_gate_facts_is_of_now(answer) ? answer->report->findings : NULL;
    gboolean decides = rule->kind == PST_POLICY_ROOT ||
                       (rule->kind == PST_POLICY_WAY && g_str_equal(rule->subject, "sudo"));

    for (guint i = 0; decides && rule->wanted && findings != NULL && i < findings->len; i++)
        if (g_str_equal(((PstFinding *)findings->pdata[i])->id, "sudo.hangs"))
            return findings->pdata[i];
    return NULL;
}

/* Who waits for sudo in vain for as long as the gate was given to settle does not become root. Of
 * one asking that is not said: a guest may be slow for a while. */
static void
judge_unknown(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const PstAccessData *data = facts->access->report->data;
    const PstFinding *hung = hung_sudo(facts, rule);
    PstGateOutcome *outcome;

    if (hung == NULL || facts->one->n_hung < 2) {
        outcome = pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                                       why_unknown(facts, way_of(data, rule)));
        outcome->hangs = hung != NULL;
    } else {
        outcome =
            pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN,
                                 g_strdup_printf("%s can't become root: %s, each of the %u times",
                                                 data->user, hung->message, facts->one->n_hung));
        pst_gate_outcome_blame(facts, outcome, hung);
        outcome->lasting = TRUE;
    }
    pst_gate_outcome_of(outcome, "access", facts->access);
}

static char *
words_of_access(const PstPolicyRule *rule, const PstAccessData *data, int verdict)
{
    gboolean open = verdict == PST_ACCESS_OPEN;
    const char *note = open ? pst_access_note(way_of(data, rule)) : NULL;
    g_autofree char *words =
        rule->kind == PST_POLICY_WAY
            ? g_strdup_printf("%s is %s to %s", rule->subject, open ? "open" : "shut", data->user)
            : g_strdup_printf("%s %s %s", data->user, open ? "can" : "can't", what_of(rule));

    return note != NULL ? g_strdup_printf("%s (%s)", words, note) : g_steal_pointer(&words);
}

void
pst_gate_judges_access(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const PstAccessData *data;
    PstGateOutcome *outcome;

    if (facts->access == NULL || facts->access->report == NULL) {
        const char *probe = rule->kind == PST_POLICY_ROOT ? "sudo" : "ssh";

        pst_gate_outcome_add_unlooked(outcomes, rule, probe, pst_gate_facts_find(facts, probe));
        return;
    }
    data = facts->access->report->data;
    int verdict = verdict_of(data, rule);
    if (verdict == PST_ACCESS_UNKNOWN) {
        judge_unknown(facts, rule, outcomes);
        return;
    }
    if (rule->wanted && verdict == PST_ACCESS_SHUT) {
        add_shut(facts, rule, outcomes);
        return;
    }
    outcome = pst_gate_outcome_add(outcomes, rule,
                                   rule->wanted == (verdict == PST_ACCESS_OPEN) ? PST_GATE_HELD
                                                                                : PST_GATE_BROKEN,
                                   words_of_access(rule, data, verdict));
    pst_gate_outcome_of(outcome, "access", facts->access);
}

/* ---- checks ---- */

/* Of CHECK, which the rule may not name. */
static PstGateOutcome *
add_of_check(const PstPolicyRule *rule, PstGateState state, const PstChecksCheck *check,
             char *message, GPtrArray *outcomes)
{
    PstGateOutcome *outcome = pst_gate_outcome_add(outcomes, rule, state, message);

    if (g_strcmp0(check->name, rule->subject) != 0)
        outcome->which = g_strdup(check->name);
    return outcome;
}

static void
judge_check(const PstGateFacts *facts, const PstPolicyRule *rule, const PstChecksCheck *check,
            GPtrArray *outcomes)
{
    static const char *const broken[] = {"warning", "critical", NULL};
    const char *probe = pst_report_checks_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    PstGateState state = PST_GATE_UNCHECKED;

    if (g_strcmp0(check->state, "ok") == 0)
        state = PST_GATE_HELD;
    else if (check->state != NULL && g_strv_contains(broken, check->state))
        state = PST_GATE_BROKEN;
    pst_gate_outcome_of(
        add_of_check(rule, state, check,
                     g_strdup_printf("check %s is %s%s%s", check->name,
                                     check->state != NULL ? check->state : "unknown",
                                     check->message != NULL ? ": " : "",
                                     check->message != NULL ? check->message : ""),
                     outcomes),
        probe, answer);
}

static gboolean
is_meant(const PstPolicyRule *rule, const PstChecksCheck *check)
{
    return check->name != NULL &&
           (g_str_equal(rule->subject, "*") || g_str_equal(check->name, rule->subject));
}

static const PstChecksCheck *
find_check(const PstChecksData *data, const char *name)
{
    for (guint i = 0; data->checks != NULL && i < data->checks->len; i++)
        if (g_strcmp0(((PstChecksCheck *)data->checks->pdata[i])->name, name) == 0)
            return data->checks->pdata[i];
    return NULL;
}

/* Whether a report names all checks that are defined: where the configuration can't be taken as it
 * is, there may be more. What became of them is another matter. */
static gboolean
names_all(const PstAnswer *answer)
{
    const GPtrArray *findings = answer->report->findings;

    for (guint i = 0; i < findings->len; i++)
        if (g_str_equal(((PstFinding *)findings->pdata[i])->id, "checks.could-not-look"))
            return FALSE;
    return !answer->report->truncated;
}

/* The answer of the baseline; NULL where there is none to compare with. */
static const PstAnswer *
checks_before(const PstGateFacts *facts, const PstAnswer *answer)
{
    return facts->incomparable == NULL ? pst_gate_facts_before(facts, answer) : NULL;
}

/* Those of before that are defined no more: whoever takes a check away has not passed it. */
static gboolean
judge_gone(const PstGateFacts *facts, const PstPolicyRule *rule, const PstAnswer *answer,
           GPtrArray *outcomes)
{
    const PstAnswer *before = checks_before(facts, answer);
    const PstChecksData *former = before != NULL ? before->report->data : NULL;
    gboolean any = FALSE;

    for (guint i = 0; former != NULL && former->checks != NULL && i < former->checks->len; i++) {
        const PstChecksCheck *check = former->checks->pdata[i];

        if (!is_meant(rule, check) || find_check(answer->report->data, check->name) != NULL)
            continue;
        any = TRUE;
        pst_gate_outcome_of(
            add_of_check(
                rule, names_all(answer) ? PST_GATE_BROKEN : PST_GATE_UNCHECKED, check,
                g_strdup_printf(names_all(answer)
                                    ? "check %s is gone: the guest defines it no more"
                                    : "the guest does not tell of check %s any more, nor all",
                                check->name),
                outcomes),
            answer->probe, answer);
    }
    return any;
}

/* Of no check at all it is only known to be right where there was none before. */
static void
judge_none(const PstGateFacts *facts, const PstPolicyRule *rule, const PstAnswer *answer,
           GPtrArray *outcomes)
{
    const PstAnswer *before = checks_before(facts, answer);
    gboolean all = g_str_equal(rule->subject, "*");
    gboolean holds = all && before != NULL && names_all(before) && names_all(answer);
    char *message = NULL;

    if (!all)
        message = g_strdup_printf("the guest tells of no check %s", rule->subject);
    else if (!names_all(answer))
        message = g_strdup("the guest tells of no checks, but not all");
    else
        message = g_strdup(holds ? "the guest defines no checks, as before"
                                 : "the guest defines no checks, and whether it should is not "
                                   "known");
    pst_gate_outcome_of(
        pst_gate_outcome_add(outcomes, rule, holds ? PST_GATE_HELD : PST_GATE_UNCHECKED, message),
        answer->probe, answer);
}

/* With a baseline all that it told is to be there: where it does not tell all, more may have been.
 */
static char *
why_more(const PstGateFacts *facts, const PstAnswer *answer)
{
    const PstAnswer *before = checks_before(facts, answer);

    if (!names_all(answer))
        return g_strdup("the guest may define more checks than it tells of");
    if (facts->one->before == NULL || (before != NULL && names_all(before)))
        return NULL;
    return g_strdup(facts->incomparable != NULL ? facts->incomparable
                                                : "the baseline does not tell which checks there "
                                                  "were");
}

void
pst_gate_judges_check(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_checks_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstChecksData *data = pst_gate_facts_data(facts, probe);
    gboolean any = FALSE;
    char *why = NULL;

    if (data == NULL) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    for (guint i = 0; data->checks != NULL && i < data->checks->len; i++) {
        if (!is_meant(rule, data->checks->pdata[i]))
            continue;
        any = TRUE;
        judge_check(facts, rule, data->checks->pdata[i], outcomes);
    }
    any |= judge_gone(facts, rule, answer, outcomes);
    if (!any)
        judge_none(facts, rule, answer, outcomes);
    else if (g_str_equal(rule->subject, "*"))
        why = why_more(facts, answer);
    if (why != NULL)
        pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, why), probe,
                            answer);
}

/* ---- all of them ---- */

static gboolean
compares(PstPolicyKind kind)
{
    return kind == PST_POLICY_NO_NEW_FAILED_UNIT || kind == PST_POLICY_JOURNAL ||
           kind == PST_POLICY_FILES || kind == PST_POLICY_NO_LOST_PORT ||
           kind == PST_POLICY_NO_LOST_UNIT;
}

void
pst_gate_judges_rule(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    static const struct {
        void (*judge)(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes);
    } rows[] = {
        [PST_POLICY_LOGIN] = {pst_gate_judges_access},
        [PST_POLICY_ROOT] = {pst_gate_judges_access},
        [PST_POLICY_WAY] = {pst_gate_judges_access},
        [PST_POLICY_UNIT_ACTIVE] = {pst_gate_judges_unit},
        [PST_POLICY_UNIT_INACTIVE] = {pst_gate_judges_unit},
        [PST_POLICY_NO_FAILED_UNIT] = {pst_gate_judges_failed},
        [PST_POLICY_NO_NEW_FAILED_UNIT] = {pst_gate_judges_failed},
        [PST_POLICY_NO_LOST_UNIT] = {pst_gate_judges_lost_units},
        [PST_POLICY_JOURNAL] = {pst_gate_judges_journal},
        [PST_POLICY_PORT] = {pst_gate_judges_port},
        [PST_POLICY_NO_LOST_PORT] = {pst_gate_judges_lost_ports},
        [PST_POLICY_CHECK] = {pst_gate_judges_check},
        [PST_POLICY_FILES] = {pst_gate_judges_files},
        [PST_POLICY_SETTING] = {pst_gate_settings_rule},
    };

    if (compares(rule->kind) && facts->incomparable != NULL)
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, g_strdup(facts->incomparable));
    else if ((rule->kind == PST_POLICY_JOURNAL || rule->kind == PST_POLICY_FILES) &&
             facts->one->since == NULL)
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                             g_strdup("it is not known since when"));
    else
        rows[rule->kind].judge(facts, rule, outcomes);
}
