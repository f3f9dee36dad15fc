// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-facts.h"

#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"
#include "protocol/report-changes.h"
#include "protocol/report-firewall.h"
#include "protocol/report-host.h"
#include "protocol/report-journal.h"
#include "protocol/report-services.h"
#include "protocol/vocabulary.h"

#define JOURNAL_LINES 200
/* What a diagnosis asks for: errors. */
#define JOURNAL_PRIORITY 3

/* ---- questions of its own ---- */

static gboolean
apply_since(const PstGateCase *one, const PstReportKind *kind, JsonObject *args)
{
    return one->since != NULL && pst_since_apply(one->since, kind, args, NULL);
}

static void
add_list(JsonObject *args, const char *name, char *const *words)
{
    JsonArray *list;

    if (words[0] == NULL)
        return;
    list = json_array_new();
    for (; *words != NULL; words++)
        json_array_add_string_element(list, *words);
    json_object_set_array_member(args, name, list);
}

/* What postern's asking left there is never wanted: `own` is not among them. */
JsonObject *
pst_gate_facts_journal_args(const PstGateCase *one, gint64 priority)
{
    JsonObject *args = json_object_new();

    json_object_set_int_member(args, "priority", priority);
    json_object_set_int_member(args, "lines", JOURNAL_LINES);
    add_list(args, "units", one->policy->journal_units);
    (void)apply_since(one, &pst_report_journal_kind, args);
    return args;
}

static gboolean
judges_journal(const PstPolicy *policy)
{
    for (guint i = 0; i < policy->rules->len; i++)
        if (((PstPolicyRule *)policy->rules->pdata[i])->kind == PST_POLICY_JOURNAL)
            return TRUE;
    return FALSE;
}

/* What it forbids may be of before the moment. */
static gboolean
forbids_of_journal(const PstPolicy *policy)
{
    for (guint i = 0; i < policy->exceptions->len; i++) {
        const PstPolicyException *one = policy->exceptions->pdata[i];
        const char *dot = strchr(one->id, '.');
        g_autofree char *prefix = g_strndup(one->id, dot != NULL ? (gsize)(dot - one->id) : 0);

        if (one->word == PST_POLICY_FORBID &&
            (dot == NULL || g_pattern_match_simple(prefix, pst_report_journal_kind.name)))
            return TRUE;
    }
    return FALSE;
}

gboolean
pst_gate_facts_joins_journal(const PstGateCase *one)
{
    const PstPolicy *policy = one->policy;
    const PstMark *mark = one->since != NULL ? one->since->mark : NULL;
    gboolean is_asked = FALSE;

    if (mark == NULL || mark->cursor == NULL || policy->journal_units[0] != NULL ||
        forbids_of_journal(policy))
        return FALSE;
    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];

        if (rule->kind == PST_POLICY_NO_FINDING)
            return FALSE;
        is_asked |= rule->kind == PST_POLICY_JOURNAL && rule->number == JOURNAL_PRIORITY;
    }
    return is_asked;
}

/* A guest that was reverted shows it by its journal alone: of what compares nothing may be said
 * before that was looked at. */
JsonObject *
pst_gate_facts_place_args(const PstGateCase *one)
{
    const PstMark *mark = one->since != NULL ? one->since->mark : NULL;
    gboolean alone;

    if (mark == NULL || mark->cursor == NULL || judges_journal(one->policy) ||
        (one->before == NULL && pst_policy_compares(one->policy, &alone) == NULL))
        return NULL;
    JsonObject *args = json_object_new();
    json_object_set_int_member(args, "lines", 1);
    (void)apply_since(one, &pst_report_journal_kind, args);
    return args;
}

JsonObject *
pst_gate_facts_files_args(const PstGateCase *one)
{
    JsonObject *args = json_object_new();

    add_list(args, "paths", one->policy->below);
    (void)apply_since(one, &pst_report_changes_kind, args);
    return args;
}

JsonObject *
pst_gate_facts_port_args(const PstGateCase *one, gint64 port, const char *protocol)
{
    JsonObject *args = json_object_new();
    const char *from = NULL;

    json_object_set_int_member(args, "port", port);
    json_object_set_string_member(args, "protocol", protocol);
    if (one->vantage != NULL)
        pst_json_get_string(one->vantage, "from", PST_JSON_NULLABLE, &from, NULL);
    pst_json_set_string(args, "from", from);
    return args;
}

/* ---- answers ---- */

static guint
place_of(const PstAnswer *answer)
{
    guint i = 0;

    while (i < pst_vocabulary_n && !g_str_equal(pst_vocabulary[i]->name, answer->probe))
        i++;
    return i;
}

static int
by_place(gconstpointer a, gconstpointer b)
{
    const PstAnswer *one = *(const PstAnswer *const *)a, *other = *(const PstAnswer *const *)b;
    guint place = place_of(one), other_place = place_of(other);

    if (place != other_place)
        return place < other_place ? -1 : 1;
    g_autofree char *text = pst_json_to_text(one->args, NULL);
    g_autofree char *other_text = pst_json_to_text(other->args, NULL);
    return g_strcmp0(text, other_text);
}

static gboolean
is_asked(const PstAnswer *answer, const PstReportKind *kind, const char *argument)
{
    return g_str_equal(answer->probe, kind->name) && json_object_has_member(answer->args, argument);
}

/* The diagnosis asks about the units of the policy, and only about these. */
static gboolean
is_of_lost_units(const PstGateFacts *facts, const PstAnswer *answer)
{
    JsonArray *asked = NULL;
    guint n = 0;

    if (!is_asked(answer, &pst_report_services_kind, "units") ||
        !pst_json_get_array(answer->args, "units", PST_JSON_REQUIRED, &asked, NULL))
        return FALSE;
    for (guint i = 0; i < facts->one->policy->rules->len; i++) {
        const PstPolicyRule *rule = facts->one->policy->rules->pdata[i];

        if (rule->kind != PST_POLICY_UNIT_ACTIVE && rule->kind != PST_POLICY_UNIT_INACTIVE)
            continue;
        if (n >= json_array_get_length(asked) ||
            g_strcmp0(json_array_get_string_element(asked, n), rule->subject) != 0)
            return TRUE;
        n++;
    }
    return n < json_array_get_length(asked);
}

static void
sort_in(PstGateFacts *facts, PstAnswer *answer)
{
    /* What the access report is made of is derived here; what the host sees has a place of its own.
     */
    if (g_str_equal(answer->probe, "access") || g_str_equal(answer->probe, "host"))
        return;
    if (is_asked(answer, &pst_report_firewall_kind, "protocol")) {
        g_ptr_array_add(facts->ports, answer);
    } else if (is_asked(answer, &pst_report_journal_kind, "priority")) {
        facts->journal = answer;
        if (pst_gate_facts_joins_journal(facts->one))
            g_ptr_array_add(facts->base, answer);
    } else if (is_asked(answer, &pst_report_journal_kind, "after")) {
        facts->place = answer;
    } else if (is_of_lost_units(facts, answer)) {
        facts->units = answer;
    } else if (is_asked(answer, &pst_report_changes_kind, "paths")) {
        facts->files = answer;
    } else {
        g_ptr_array_add(facts->base, answer);
    }
}

static gboolean
has_user(const PstGateCase *one)
{
    return one->vantage != NULL && json_object_has_member(one->vantage, "user");
}

/* Only what is of now: what was recorded before the change says nothing of what is after it. */
static void
derive(PstGateFacts *facts)
{
    g_autoptr(GPtrArray) deciding = g_ptr_array_new();

    for (guint i = 0; i < facts->base->len; i++) {
        PstAnswer *answer = facts->base->pdata[i];

        if (pst_gate_facts_is_of_now(answer))
            g_ptr_array_add(facts->now, answer);
        else if (answer->report != NULL)
            continue;
        if (g_strv_contains(pst_access_probes, answer->probe))
            g_ptr_array_add(deciding, answer);
    }
    if (!has_user(facts->one) || facts->base->len == 0)
        return;
    facts->access =
        pst_access_answer((PstAnswer *const *)deciding->pdata, deciding->len, facts->one->vantage);
    g_ptr_array_add(facts->base, facts->access);
    if (facts->access->report != NULL)
        g_ptr_array_add(facts->now, facts->access);
}

static void
see_host(PstGateFacts *facts)
{
    g_autoptr(JsonObject) json = NULL;

    if (facts->one->host == NULL)
        return;
    facts->seen = pst_answer_new(facts->one->guest, pst_report_host_kind.name, NULL);
    facts->seen->via = PST_VIA_HOST;
    json = pst_report_to_json(facts->one->host);
    facts->seen->report = pst_report_decode(json, NULL);
}

/* ---- before and now ---- */

/* Only what the baseline knows as well is held against it: the gate's own questions are others. */
static PstBaseline *
baseline_of_now(const PstGateFacts *facts)
{
    const PstGateCase *one = facts->one;
    g_auto(PstBaselineWish) wish;
    PstAnswer **copies = g_new0(PstAnswer *, facts->all->len + 1);
    const PstMark *mark = one->since != NULL ? one->since->mark : NULL;
    const PstAnswer *place = facts->journal != NULL ? facts->journal : facts->place;
    guint n = 0;

    pst_baseline_wish_again(one->before, &wish);
    for (guint i = 0; i < facts->all->len; i++) {
        const PstAnswer *answer = facts->all->pdata[i];

        if (answer != facts->journal && answer != facts->place && answer != facts->files &&
            !g_ptr_array_find(facts->ports, answer, NULL))
            copies[n++] = pst_answer_copy(answer);
    }
    /* Its UUID is the one that its answers came from. */
    PstBaseline *after = pst_baseline_make(copies, n, &wish, NULL, one->before->uri,
                                           g_date_time_to_unix(one->now) * G_USEC_PER_SEC +
                                               g_date_time_get_microsecond(one->now));
    after->host = g_strdup(one->host_name);
    after->host_id = g_strdup(one->host_id);
    if (mark != NULL && mark->cursor != NULL && pst_gate_facts_is_of_now(place) &&
        json_object_has_member(place->args, "after")) {
        after->after = g_strdup(mark->cursor);
        after->after_found = pst_mark_found(place);
    }
    return after;
}

static void
compare(PstGateFacts *facts)
{
    if (facts->one->before == NULL || facts->now->len == 0)
        return;
    facts->after = baseline_of_now(facts);
    facts->diff = pst_diff_make(facts->one->before, facts->after);
    if (facts->incomparable == NULL && facts->diff->same_guest == PST_TRI_NO)
        facts->incomparable = g_strdup("another guest answers than was there before");
    for (guint i = 0; facts->incomparable == NULL && i < facts->diff->notes->len; i++) {
        const PstDiffNote *note = facts->diff->notes->pdata[i];

        if (note->kind == PST_DIFF_NOTE_REVERTED || note->kind == PST_DIFF_NOTE_REVERSED ||
            note->kind == PST_DIFF_NOTE_OTHER_DOMAIN)
            facts->incomparable = g_strdup(note->text);
    }
}

static void
relate(PstGateFacts *facts)
{
    const PstMark *mark = facts->one->since != NULL ? facts->one->since->mark : NULL;

    if (mark == NULL)
        return;
    switch (pst_mark_relate(mark, (PstAnswer *const *)facts->all->pdata, facts->all->len)) {
    case PST_MARK_UNTOLD:
        facts->incomparable = g_strdup("the guest does not tell which boot this is");
        break;
    case PST_MARK_OTHER_MACHINE:
        facts->incomparable = g_strdup("another machine answers than was there before");
        break;
    case PST_MARK_UNDONE:
        facts->incomparable = g_strdup("the guest was reverted to before that moment");
        break;
    case PST_MARK_OTHER_BOOT:
    case PST_MARK_DOUBTFUL:
    case PST_MARK_SAME_BOOT:
        break;
    }
}

void
pst_gate_facts_init(PstGateFacts *facts, const PstGateCase *one)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    facts->one = one;
    facts->base = g_ptr_array_new();
    facts->now = g_ptr_array_new();
    facts->ports = g_ptr_array_new();
    facts->all = g_ptr_array_new();
    for (guint i = 0; i < one->n_answers; i++)
        g_ptr_array_add(facts->all, one->answers[i]);
    g_ptr_array_sort(facts->all, by_place);
    for (guint i = 0; i < facts->all->len; i++)
        sort_in(facts, facts->all->pdata[i]);
    derive(facts);
    see_host(facts);
    relate(facts);
    compare(facts);
    if (facts->seen != NULL && facts->seen->report != NULL)
        g_ptr_array_add(seen, facts->seen);
    g_ptr_array_extend(seen, facts->now, NULL, NULL);
    facts->causes = pst_causes_order((PstAnswer *const *)seen->pdata, seen->len);
}

void
pst_gate_facts_clear(PstGateFacts *facts)
{
    g_ptr_array_unref(facts->base);
    g_ptr_array_unref(facts->now);
    g_ptr_array_unref(facts->ports);
    g_ptr_array_unref(facts->all);
    g_array_unref(facts->causes);
    g_clear_pointer(&facts->access, pst_answer_free);
    g_clear_pointer(&facts->seen, pst_answer_free);
    g_clear_pointer(&facts->diff, pst_diff_free);
    g_clear_pointer(&facts->after, pst_baseline_free);
    g_free(facts->incomparable);
}

gint64
pst_gate_facts_moment(const PstGateFacts *facts)
{
    const PstSince *since = facts->one->since;

    if (since == NULL)
        return PST_INT_UNKNOWN;
    if (since->mark != NULL)
        return since->mark->realtime_us;
    for (guint i = 0; i < facts->now->len; i++) {
        const PstReport *report = ((PstAnswer *)facts->now->pdata[i])->report;

        if (report->realtime_us != PST_INT_UNKNOWN)
            return report->realtime_us - since->span_us;
    }
    return PST_INT_UNKNOWN;
}

const PstFinding *
pst_gate_facts_unlooked(const PstAnswer *answer)
{
    const GPtrArray *findings = answer->report->findings;

    for (guint i = 0; i < findings->len; i++)
        if (((PstFinding *)findings->pdata[i])->severity == PST_SEVERITY_UNKNOWN)
            return findings->pdata[i];
    return NULL;
}

const PstAnswer *
pst_gate_facts_find(const PstGateFacts *facts, const char *probe)
{
    for (guint i = 0; i < facts->base->len; i++)
        if (g_str_equal(((PstAnswer *)facts->base->pdata[i])->probe, probe))
            return facts->base->pdata[i];
    return NULL;
}

/* The journal's newest entry is asked for by an argument: that is another question. */
static gboolean
is_of_base(const PstAnswer *answer)
{
    return !is_asked(answer, &pst_report_journal_kind, "priority");
}

const PstAnswer *
pst_gate_facts_before(const PstGateFacts *facts, const PstAnswer *answer)
{
    const GPtrArray *answers = facts->one->before != NULL ? facts->one->before->answers : NULL;
    const char *user = pst_baseline_user_of(answer);

    for (guint i = 0; answers != NULL && i < answers->len; i++) {
        const PstAnswer *former = answers->pdata[i];
        g_autofree char *differs = pst_vantage_differs(former->args, answer->args);

        if (g_str_equal(former->probe, answer->probe) && is_of_base(former) && differs == NULL &&
            g_strcmp0(pst_baseline_user_of(former), user) == 0)
            return pst_gate_facts_is_of_now(former) ? former : NULL;
    }
    return NULL;
}

gboolean
pst_gate_facts_is_of_now(const PstAnswer *answer)
{
    return answer != NULL && answer->report != NULL && answer->report->data != NULL &&
           answer->via <= PST_VIA_AGENT_BUILTIN;
}

gconstpointer
pst_gate_facts_data(const PstGateFacts *facts, const char *probe)
{
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);

    return pst_gate_facts_is_of_now(answer) ? answer->report->data : NULL;
}

char *
pst_gate_facts_why_not(const PstAnswer *answer, const char *probe)
{
    if (pst_gate_facts_is_of_now(answer))
        return NULL;
    if (answer == NULL)
        return g_strdup_printf("the probe %s was not asked", probe);
    if (answer->report != NULL && answer->via == PST_VIA_VOLUME) {
        g_autofree char *ago = pst_render_ago(answer->age_ms * 1000);
        return g_strdup_printf("only what was recorded %s tells of it: %s", ago,
                               answer->report->summary);
    }
    if (answer->error != NULL)
        return pst_answer_explain(answer);
    return g_strdup_printf("the probe %s told nothing", probe);
}

const PstCause *
pst_gate_facts_cause(const PstGateFacts *facts, const PstFinding *finding)
{
    for (guint i = 0; i < facts->causes->len; i++)
        if (g_array_index(facts->causes, PstCause, i).finding == finding)
            return &g_array_index(facts->causes, PstCause, i);
    return NULL;
}
