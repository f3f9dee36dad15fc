// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/escape.h"
#include "host-sidecar/gate-facts.h"
#include "host-sidecar/gate-questions.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"

#define INDENT "           "

static const char *const result_words[] = {"pass", "FAIL", "could not check", "not checkable now"};

/* ---- the verdict, for people ---- */

static void
append_line(GString *out, const char *word, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_string_append_printf(out, INDENT "%s", word);
    pst_render_quote(out, text);
    g_string_append_c(out, '\n');
}

static void
append_title(GString *out, const char *word, const PstGateOutcome *outcome)
{
    g_autofree char *title = pst_gate_outcome_title(outcome);

    g_string_append_printf(out, "%-10s ", word);
    pst_render_append(out, title);
}

static void
append_evidence(GString *out, const PstFinding *finding)
{
    const PstEvidence *evidence = finding->evidence;

    if (evidence == NULL)
        return;
    if (evidence->path != NULL) {
        g_string_append(out, INDENT "at ");
        pst_render_append(out, evidence->path);
        if (evidence->line != PST_INT_UNKNOWN)
            g_string_append_printf(out, ":%" G_GINT64_FORMAT, evidence->line);
        g_string_append_c(out, '\n');
    }
    append_line(out, "> ", evidence->text);
}

/* Whole, for whoever copies it: what is cut is another command. */
static void
append_undo(GString *out, const PstFinding *finding)
{
    g_autofree char *words = pst_gate_undo_words(finding->undo);

    if (words == NULL)
        append_line(out, "remedy: ", finding->remedy);
    else
        g_string_append_printf(out, INDENT "undo: %s\n", words);
}

static void
append_files(GString *out, const PstGateOutcome *outcome)
{
    for (guint i = 0; outcome->files != NULL && i < outcome->files->len; i++) {
        const PstGateFile *file = outcome->files->pdata[i];
        g_autofree char *text = g_strdup_printf("%s%s%s", file->path, file->how != NULL ? ": " : "",
                                                file->how != NULL ? file->how : "");

        append_line(out, file->named == PST_TRI_YES ? "changed: " : "changed, perhaps why: ", text);
    }
}

static void
append_lines(GString *out, const PstGateOutcome *outcome)
{
    for (guint i = 0; outcome->lines != NULL && i < outcome->lines->len; i++) {
        const PstGateLine *line = outcome->lines->pdata[i];
        g_autofree char *text = g_strdup_printf(
            "%s%s%s", line->identifier != NULL ? line->identifier : "",
            line->identifier != NULL ? ": " : "", line->message != NULL ? line->message : "");

        append_line(out, i == 0 ? "journal, first: " : "journal: ", text);
    }
}

static void
append_broken(GString *out, const PstGateOutcome *outcome)
{
    const PstFinding *root = outcome->root != NULL ? outcome->root : outcome->finding;

    append_title(out, "BROKEN", outcome);
    g_string_append(out, ": ");
    pst_render_append(out, outcome->message);
    if (outcome->finding != NULL) {
        g_string_append(out, " [");
        pst_render_append(out, outcome->finding->id);
        g_string_append_c(out, ']');
    }
    g_string_append_c(out, '\n');
    if (outcome->root != NULL) {
        g_autofree char *text =
            g_strdup_printf("%s [%s]", outcome->root->message, outcome->root->id);
        append_line(out, "because: ", text);
    }
    if (outcome->path != NULL && outcome->line != PST_INT_UNKNOWN) {
        g_autofree char *at = g_strdup_printf("%s:%" G_GINT64_FORMAT, outcome->path, outcome->line);
        append_line(out, "at ", at);
    }
    if (root != NULL)
        append_evidence(out, root);
    append_files(out, outcome);
    append_lines(out, outcome);
    for (char **one = outcome->differences; one != NULL && *one != NULL; one++)
        append_line(out, "differs: ", *one);
    if (root != NULL)
        append_undo(out, root);
}

static void
append_unchecked(GString *out, const PstGateOutcome *outcome)
{
    static const char *const effects[] = {"", ", which fails the gate", ", which may be ignored"};

    append_title(out, "UNCHECKED", outcome);
    g_string_append_printf(out, "%s: ", effects[outcome->unchecked]);
    pst_render_quote(out, outcome->message);
    if (outcome->probe != NULL)
        g_string_append_printf(out, " [%s%s%s]", outcome->probe,
                               outcome->via != NULL ? " via " : "",
                               outcome->via != NULL ? outcome->via : "");
    g_string_append_c(out, '\n');
}

static void
append_held(GString *out, const GPtrArray *held)
{
    for (guint i = 0; i < held->len; i++) {
        const PstGateOutcome *outcome = held->pdata[i];

        append_title(out, "holds", outcome);
        g_string_append(out, ": ");
        pst_render_quote(out, outcome->message);
        g_string_append_c(out, '\n');
    }
}

static void
append_excuses(GString *out, const GPtrArray *excused)
{
    for (guint i = 0; excused != NULL && i < excused->len; i++) {
        const PstGateExcuse *excuse = excused->pdata[i];
        g_autofree char *text =
            g_strdup_printf("%s%s%s", excuse->message, excuse->reason != NULL ? " -- " : "",
                            excuse->reason != NULL ? excuse->reason : "");

        g_string_append_printf(out, "%-10s [",
                               excuse->expired == PST_TRI_YES ? "EXPIRED" : "excepted");
        pst_render_append(out, excuse->finding);
        g_string_append(out, "] ");
        pst_render_quote(out, text);
        if (excuse->until != NULL)
            g_string_append_printf(out, ", until %s", excuse->until);
        g_string_append_c(out, '\n');
    }
}

static void
append_note(GString *out, const char *note)
{
    g_string_append(out, "note       ");
    pst_render_quote(out, note);
    g_string_append_c(out, '\n');
}

char *
pst_gate_to_text(const PstGateVerdict *verdict)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, verdict->guest);
    g_string_append_printf(out, ": %s by policy ", result_words[verdict->result]);
    pst_render_append(out, verdict->policy);
    if (verdict->via != NULL)
        g_string_append_printf(out, ", via %s", verdict->via);
    g_string_append(out, ": ");
    pst_render_append(out, verdict->summary);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < verdict->broken->len; i++)
        append_broken(out, verdict->broken->pdata[i]);
    for (guint i = 0; i < verdict->unchecked->len; i++)
        append_unchecked(out, verdict->unchecked->pdata[i]);
    append_held(out, verdict->held);
    append_excuses(out, verdict->excused);
    for (char **note = verdict->notes; note != NULL && *note != NULL; note++)
        append_note(out, *note);
    if (pst_gate_may_change(verdict) && verdict->result != PST_GATE_NOT_CHECKABLE) {
        g_string_append(out, "not settled: ");
        pst_render_quote(out, verdict->moving);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

JsonObject *
pst_gate_to_json(const PstGateVerdict *verdict)
{
    static const char *const lists[] = {"broken", "unchecked", "held", "excused", "notes"};
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    JsonObject *json = pst_fields_encode(&pst_gate_verdict_fields, verdict, &cut);

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        if (!json_object_has_member(json, lists[i]))
            json_object_set_array_member(json, lists[i], json_array_new());
    json_object_set_boolean_member(json, "settled", !pst_gate_may_change(verdict));
    return json;
}

/* ---- what will be asked ---- */

static gboolean
is_wished(const PstPolicyRule *rule)
{
    return rule->kind == PST_POLICY_LOGIN || rule->kind == PST_POLICY_ROOT;
}

/* What may be so all the same, of what the rule is about; NULL where nothing can be excepted. */
static char *const *
except_of(const PstPolicy *policy, const PstPolicyRule *rule)
{
    switch (rule->kind) {
    case PST_POLICY_NO_FAILED_UNIT:
    case PST_POLICY_NO_NEW_FAILED_UNIT:
        return policy->failed_except;
    case PST_POLICY_JOURNAL:
        return policy->journal_except;
    case PST_POLICY_FILES:
        return policy->files_except;
    default:
        return NULL;
    }
}

static char *const *
units_of(const PstPolicy *policy, const PstPolicyRule *rule)
{
    return rule->kind == PST_POLICY_JOURNAL ? policy->journal_units : NULL;
}

static void
append_list(GString *out, const char *word, char *const *words)
{
    if (words == NULL || words[0] == NULL)
        return;
    g_autofree char *text = g_strjoinv(" or ", (char **)words);
    g_string_append_printf(out, "    %s ", word);
    pst_render_append(out, text);
    g_string_append_c(out, '\n');
}

static void
append_rule(GString *out, const PstPolicy *policy, const PstPolicyRule *rule)
{
    g_autofree char *title = pst_policy_rule_title(rule);
    g_auto(GStrv) probes = pst_gate_questions_probes(rule);
    g_autofree char *by = g_strjoinv(", ", probes);

    g_string_append(out, "  ");
    pst_render_append(out, title);
    if (is_wished(rule))
        g_string_append(out, rule->wanted ? " = yes" : " = no");
    if (rule->kind == PST_POLICY_SETTING) {
        g_autofree char *values = g_strjoinv(" or ", rule->values);
        g_string_append(out, " = ");
        pst_render_append(out, rule->values[0] != NULL ? values : "not set");
    }
    g_string_append_c(out, '\n');
    append_list(out, "of", units_of(policy, rule));
    append_list(out, "but", except_of(policy, rule));
    g_string_append_printf(out, "    by %s; where that can't be checked: %s\n", by,
                           pst_policy_unchecked_names[rule->unchecked]);
}

/* Its last day, "never" where it is for good; NULL where nobody says. Free with g_free(). */
static char *
until_of(const PstPolicyException *exception)
{
    if (!g_date_valid(&exception->until))
        return exception->for_good ? g_strdup("never") : NULL;
    return g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&exception->until),
                           g_date_get_month(&exception->until), g_date_get_day(&exception->until));
}

/* What is forbidden is a rule. */
static gboolean
lets_pass(const PstPolicyException *exception)
{
    return exception->word != PST_POLICY_FORBID;
}

static void
append_exceptions(GString *out, const PstPolicy *policy)
{
    gboolean any = FALSE;

    for (guint i = 0; i < policy->exceptions->len; i++) {
        const PstPolicyException *exception = policy->exceptions->pdata[i];
        g_autofree char *until = until_of(exception);

        if (!lets_pass(exception))
            continue;
        g_string_append(out, any ? "  [" : "excepts:\n  [");
        any = TRUE;
        pst_render_append(out, exception->pattern);
        if (exception->word == PST_POLICY_ALLOW)
            g_string_append(out, "] allow");
        else
            g_string_append_printf(out, "] downgrade to %s",
                                   pst_finding_severity_names[exception->severity]);
        if (exception->reason != NULL) {
            g_string_append(out, " -- ");
            pst_render_append(out, exception->reason);
        }
        g_string_append_printf(out, ", until %s\n", until != NULL ? until : "nobody says when");
    }
}

/* pst_gate_questions_further() */
#define WHEN_PORTS "where packet filters judge, and not as they did"
#define WHEN_UNITS "where a service does not run that did"

static gboolean
lacks_user(const PstGateCase *one)
{
    return pst_policy_needs_user(one->policy) &&
           (one->vantage == NULL || !json_object_has_member(one->vantage, "user"));
}

static void
append_vantage(GString *out, JsonObject *vantage)
{
    if (vantage == NULL || json_object_get_size(vantage) == 0)
        return;
    g_autofree char *text = pst_json_to_text(vantage, NULL);
    g_string_append(out, "whose access: ");
    pst_render_append(out, text);
    g_string_append_c(out, '\n');
}

char *
pst_gate_explain_text(const PstGateCase *one)
{
    GString *out = g_string_new(NULL);
    const PstPolicy *policy = one->policy;
    gboolean alone = FALSE;
    const PstPolicyRule *compares = pst_policy_compares(policy, &alone);
    guint n = 0;
    g_autofree PstAnswer **questions = pst_gate_questions(one, &n);

    pst_render_append(out, policy->name);
    g_string_append(out, ": ");
    pst_render_append(out, policy->description != NULL ? policy->description : "no description");
    g_string_append_c(out, '\n');
    append_vantage(out, one->vantage);
    g_string_append(out, "expects:\n");
    for (guint i = 0; i < policy->rules->len; i++)
        append_rule(out, policy, policy->rules->pdata[i]);
    append_exceptions(out, policy);
    if (lacks_user(one))
        g_string_append(out, "needs --user NAME, or user= in a drop-in\n");
    if (compares != NULL && one->before == NULL && (alone || one->since == NULL))
        g_string_append_printf(out, "needs %s\n",
                               alone ? "--baseline FILE" : "--baseline FILE, or --since MARK");
    g_string_append(out, "asks, once:\n");
    for (guint i = 0; i < n; i++) {
        g_autoptr(PstAnswer) question = questions[i];
        const PstReportKind *kind = pst_vocabulary_find(question->probe);

        json_object_remove_member(question->args, "host_realtime_us");
        g_autofree char *args = pst_json_to_text(question->args, NULL);
        g_string_append_printf(out, "  %s ", question->probe);
        pst_render_append(out, args);
        g_string_append_c(out, '\n');
        if (kind->footprint[0] != '\0')
            g_string_append_printf(out, "    leaves behind: %s\n", kind->footprint);
    }
    if (pst_policy_has(policy, PST_POLICY_NO_LOST_PORT))
        g_string_append(out, "asks then, " WHEN_PORTS ": firewall, of each port that was open\n");
    if (pst_policy_has(policy, PST_POLICY_NO_LOST_UNIT))
        g_string_append(out, "asks then, " WHEN_UNITS ": services, of those\n");
    return g_string_free(out, FALSE);
}

static JsonArray *
to_array(char *const *words)
{
    JsonArray *array = json_array_new();

    for (; *words != NULL; words++)
        json_array_add_string_element(array, *words);
    return array;
}

static void
set_list(JsonObject *json, const char *name, char *const *words)
{
    if (words != NULL && words[0] != NULL)
        json_object_set_array_member(json, name, to_array(words));
}

static JsonObject *
rule_to_json(const PstPolicy *policy, const PstPolicyRule *rule)
{
    JsonObject *json = json_object_new();
    g_auto(GStrv) probes = pst_gate_questions_probes(rule);
    g_autofree char *name = g_strdup_printf("%s.%s", rule->group, rule->key);

    pst_json_set_string(json, "expectation", name);
    pst_json_set_string(json, "subject", rule->subject);
    if (rule->values != NULL)
        json_object_set_array_member(json, "values", to_array(rule->values));
    if (is_wished(rule))
        json_object_set_boolean_member(json, "wanted", rule->wanted);
    set_list(json, "units", units_of(policy, rule));
    set_list(json, "except", except_of(policy, rule));
    json_object_set_string_member(json, "unchecked", pst_policy_unchecked_names[rule->unchecked]);
    json_object_set_array_member(json, "probes", to_array(probes));
    return json;
}

static JsonArray *
exceptions_to_json(const PstPolicy *policy)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < policy->exceptions->len; i++) {
        const PstPolicyException *exception = policy->exceptions->pdata[i];
        g_autofree char *until = until_of(exception);
        JsonObject *json;

        if (!lets_pass(exception))
            continue;
        json = json_object_new();
        pst_json_set_string(json, "finding", exception->pattern);
        pst_json_set_string(json, "verdict",
                            exception->word == PST_POLICY_ALLOW ? "allow" : "downgrade");
        if (exception->word == PST_POLICY_DOWNGRADE)
            pst_json_set_string(json, "to", pst_finding_severity_names[exception->severity]);
        pst_json_set_string(json, "reason", exception->reason);
        pst_json_set_string(json, "until", until);
        json_array_add_object_element(array, json);
    }
    return array;
}

JsonObject *
pst_gate_explain_json(const PstGateCase *one)
{
    JsonObject *json = json_object_new();
    JsonArray *rules = json_array_new(), *asked = json_array_new();
    gboolean alone = FALSE;
    guint n = 0;
    g_autofree PstAnswer **questions = pst_gate_questions(one, &n);

    pst_json_set_string(json, "policy", one->policy->name);
    pst_json_set_string(json, "description", one->policy->description);
    for (guint i = 0; i < one->policy->rules->len; i++)
        json_array_add_object_element(rules,
                                      rule_to_json(one->policy, one->policy->rules->pdata[i]));
    json_object_set_array_member(json, "expects", rules);
    json_object_set_array_member(json, "excepts", exceptions_to_json(one->policy));
    if (one->vantage != NULL && json_object_get_size(one->vantage) > 0)
        json_object_set_object_member(json, "vantage", json_object_ref(one->vantage));
    if (lacks_user(one))
        json_object_set_boolean_member(json, "needs_user", TRUE);
    if (pst_policy_compares(one->policy, &alone) != NULL && one->before == NULL &&
        (alone || one->since == NULL))
        json_object_set_string_member(json, "needs", alone ? "baseline" : "baseline or mark");
    for (guint i = 0; i < n; i++) {
        g_autoptr(PstAnswer) question = questions[i];
        JsonObject *row = json_object_new();

        json_object_remove_member(question->args, "host_realtime_us");
        pst_json_set_string(row, "probe", question->probe);
        json_object_set_object_member(row, "args", json_object_ref(question->args));
        pst_json_set_string(row, "footprint", pst_vocabulary_find(question->probe)->footprint);
        json_array_add_object_element(asked, row);
    }
    json_object_set_array_member(json, "asks", asked);
    if (pst_policy_has(one->policy, PST_POLICY_NO_LOST_PORT))
        json_object_set_string_member(json, "asks_of_ports", WHEN_PORTS);
    if (pst_policy_has(one->policy, PST_POLICY_NO_LOST_UNIT))
        json_object_set_string_member(json, "asks_of_units", WHEN_UNITS);
    return json;
}
