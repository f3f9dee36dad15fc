// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-facts.h"

const char *const pst_gate_result_names[] = {"pass", "fail", "could-not-check", "not-checkable",
                                             NULL};
static const char *const state_names[] = {"held", "broken", "unchecked", NULL};

static const PstField file_rows[] = {
    PST_REQUIRED_STRING(PstGateFile, path, "a file that was changed"),
    PST_STRING(PstGateFile, how, "in words: how, when, and what its package had there"),
    PST_STRING(PstGateFile, kind, "created, written, status or folder"),
    PST_STRING(PstGateFile, mode, "four octal digits"),
    PST_STRING(PstGateFile, former_mode, "by its package, where it is another"),
    PST_STRING(PstGateFile, owner, "numeric, as 0:0"),
    PST_STRING(PstGateFile, former_owner, "by its package, where it is another"),
    PST_STRING(PstGateFile, package, "that it belongs to"),
    PST_INT(PstGateFile, changed_us, "microseconds of the guest's real time"),
    PST_BOOL(PstGateFile, named, "what was found names it; else it only may have to do with it"),
};
const PstFields pst_gate_file_fields = PST_FIELDS(PstGateFile, file_rows);

static const PstField line_rows[] = {
    PST_INT(PstGateLine, realtime_us, "microseconds of the guest's real time"),
    PST_INT(PstGateLine, count, "entries that differ only in numbers"),
    PST_STRING(PstGateLine, identifier, "who logged it"),
    PST_STRING(PstGateLine, unit, "that it is about"),
    PST_STRING(PstGateLine, message, "the line"),
};
const PstFields pst_gate_line_fields = PST_FIELDS(PstGateLine, line_rows);

static const PstField outcome_rows[] = {
    PST_REQUIRED_STRING(PstGateOutcome, expectation, "GROUP.KEY of the policy"),
    PST_STRING(PstGateOutcome, subject, "the unit, port, check, setting or severity"),
    PST_STRING(PstGateOutcome, which,
               "of an expectation with several outcomes: the check, port or path"),
    PST_ENUM(PstGateOutcome, state, state_names, "held, broken, or unchecked"),
    PST_ENUM(PstGateOutcome, unchecked, pst_policy_unchecked_names,
             "what it does to the verdict where it could not be checked"),
    PST_STRING(PstGateOutcome, message, "what is so, one line"),
    PST_STRING(PstGateOutcome, probe, "whose report says so, or was wanted in vain"),
    PST_STRING(PstGateOutcome, via, "by which path that came"),
    PST_OBJECT(PstGateOutcome, finding, pst_finding_fields, "what was found"),
    PST_OBJECT(PstGateOutcome, root, pst_finding_fields, "what that follows from"),
    PST_STRING(PstGateOutcome, path, "of a setting: the file that says so"),
    PST_INT(PstGateOutcome, line, "the line in it, from 1"),
    PST_LIST(PstGateOutcome, files, pst_gate_file_fields, "changed files that it depends on"),
    PST_STRING(PstGateOutcome, unit, "the unit that it is about"),
    PST_LIST(PstGateOutcome, lines, pst_gate_line_fields, "what the journal said first of it"),
    PST_STRINGS(PstGateOutcome, differences, "from the baseline, of what it is about"),
};
const PstFields pst_gate_outcome_fields = PST_FIELDS(PstGateOutcome, outcome_rows);

static const PstField excuse_rows[] = {
    PST_REQUIRED_STRING(PstGateExcuse, finding, "its id"),
    PST_STRING(PstGateExcuse, verdict, "allow or downgrade"),
    PST_STRING(PstGateExcuse, message, "what was found"),
    PST_STRING(PstGateExcuse, reason, "why it is let pass"),
    PST_STRING(PstGateExcuse, until, "the last day of that"),
    PST_BOOL(PstGateExcuse, expired, "that day is over: it counts"),
};
const PstFields pst_gate_excuse_fields = PST_FIELDS(PstGateExcuse, excuse_rows);

static const PstField verdict_rows[] = {
    PST_STRING(PstGateVerdict, guest, "the domain"),
    PST_REQUIRED_STRING(PstGateVerdict, policy, "its name"),
    PST_ENUM(PstGateVerdict, result, pst_gate_result_names,
             "pass, fail, could-not-check or not-checkable"),
    PST_STRING(PstGateVerdict, summary, "the verdict in one line"),
    PST_STRING(PstGateVerdict, via, "the worst path that anything of it came by"),
    PST_STRING(PstGateVerdict, moving, "what may change it yet; absent where it is settled"),
    PST_STRINGS(PstGateVerdict, notes, "what else has to be known of it"),
    PST_LIST(PstGateVerdict, broken, pst_gate_outcome_fields, "what does not hold, by its cause"),
    PST_LIST(PstGateVerdict, unchecked, pst_gate_outcome_fields, "what could not be checked"),
    PST_LIST(PstGateVerdict, held, pst_gate_outcome_fields, "what holds"),
    PST_LIST(PstGateVerdict, excused, pst_gate_excuse_fields, "what was found and is excepted"),
};
const PstFields pst_gate_verdict_fields = PST_FIELDS(PstGateVerdict, verdict_rows);

PstGateOutcome *
pst_gate_outcome_add(GPtrArray *outcomes, const PstPolicyRule *rule, PstGateState state,
                     char *message)
{
    PstGateOutcome *outcome = pst_fields_new(&pst_gate_outcome_fields);

    outcome->expectation = g_strdup_printf(
        "%s.%s", rule->group, rule->kind == PST_POLICY_SETTING ? rule->subject : rule->key);
    outcome->subject = g_strdup(rule->subject);
    outcome->state = (int)state;
    outcome->unchecked = (int)rule->unchecked;
    outcome->message = message;
    outcome->rank = G_MAXUINT;
    outcome->lasting = outcome->moves = outcome->hangs = FALSE;
    g_ptr_array_add(outcomes, outcome);
    return outcome;
}

char *
pst_gate_outcome_title(const PstGateOutcome *outcome)
{
    g_autofree char *key = g_strconcat(".", outcome->subject, NULL);

    if (outcome->subject == NULL || g_str_has_suffix(outcome->expectation, key))
        return g_strdup(outcome->expectation);
    return g_strdup_printf("%s %s", outcome->expectation, outcome->subject);
}

void
pst_gate_outcome_of(PstGateOutcome *outcome, const char *probe, const PstAnswer *answer)
{
    g_free(outcome->probe);
    g_free(outcome->via);
    outcome->probe = g_strdup(probe);
    outcome->via = answer != NULL && answer->report != NULL
                       ? g_strdup(pst_answer_via_names[answer->via])
                       : NULL;
}

static PstFinding *
copy_finding(const PstFinding *finding)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autoptr(JsonObject) json = pst_fields_encode(&pst_finding_fields, finding, &cut);

    return pst_fields_decode(&pst_finding_fields, json, NULL);
}

void
pst_gate_outcome_blame(const PstGateFacts *facts, PstGateOutcome *outcome,
                       const PstFinding *finding)
{
    const PstCause *cause = pst_gate_facts_cause(facts, finding);

    outcome->finding = copy_finding(finding);
    if (cause == NULL)
        return;
    /* What has one root is told in the policy's own order. */
    const PstCause *root = pst_gate_facts_cause(facts, cause->root);
    outcome->rank = (guint)(root - &g_array_index(facts->causes, PstCause, 0));
    if (root != cause)
        outcome->root = copy_finding(cause->root);
}

PstGateOutcome *
pst_gate_outcome_add_unlooked(GPtrArray *outcomes, const PstPolicyRule *rule, const char *probe,
                              const PstAnswer *answer)
{
    char *why = pst_gate_facts_why_not(answer, probe);
    PstGateOutcome *outcome =
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                             why != NULL ? why : g_strdup("its report does not tell"));

    pst_gate_outcome_of(outcome, probe, answer);
    return outcome;
}
