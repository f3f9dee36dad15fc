// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate.h"

#include <string.h>

#include "host-sidecar/gate-judges.h"
#include "protocol/json.h"
#include "protocol/report-host.h"

void
pst_gate_verdict_free(PstGateVerdict *verdict)
{
    pst_fields_free(&pst_gate_verdict_fields, verdict);
}

/* ---- whether it can be checked at all ---- */

static gboolean
is(const char *word, const char *expected)
{
    return g_strcmp0(word, expected) == 0;
}

/* What libvirt does with a guest that runs, while it can't be asked. */
static gboolean
is_held(const PstHostJob *job)
{
    static const char *const operations[] = {"save", "dump", "migration", "snapshot"};

    for (guint i = 0; job != NULL && job->operation != NULL && i < G_N_ELEMENTS(operations); i++)
        if (strstr(job->operation, operations[i]) != NULL)
            return TRUE;
    return FALSE;
}

/* A guest that crashed was asked to do something and broke: that is no state to wait for the end
 * of. */
static gboolean
is_away(const PstHostData *data)
{
    if (is(data->reason, "crashed") || is(data->reason, "panicked"))
        return FALSE;
    return is(data->state, "off") || is(data->state, "paused") || is(data->state, "suspended") ||
           is(data->state, "shutting down") || is_held(data->job);
}

static gboolean
is_checkable(const PstGateFacts *facts)
{
    const PstReport *host = facts->one->host;

    for (guint i = 0; i < facts->all->len; i++)
        if (pst_gate_facts_is_of_now(facts->all->pdata[i]))
            return TRUE;
    return host == NULL || host->kind != &pst_report_host_kind || !is_away(host->data);
}

/* It does not come back by itself. */
static gboolean
is_off(const PstReport *host)
{
    static const char *const states[] = {"off", "crashed", NULL};
    const PstHostData *data = host != NULL ? host->data : NULL;

    return data != NULL && data->state != NULL && g_strv_contains(states, data->state);
}

/* ---- the rules ---- */

static void
judge_rule(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes,
           GPtrArray **excuses)
{
    if (rule->kind == PST_POLICY_NO_FINDING || rule->kind == PST_POLICY_NO_NEW_FINDING ||
        rule->kind == PST_POLICY_FORBIDDEN)
        pst_gate_findings_rule(facts, rule, outcomes, excuses);
    else
        pst_gate_judges_rule(facts, rule, outcomes);
}

/* Of those that RULE came to, from the FIRST on. */
static void
note_moving(const PstGateFacts *facts, const PstPolicyRule *rule, const GPtrArray *outcomes,
            guint first, PstGateVerdict *verdict)
{
    for (guint i = first; i < outcomes->len; i++) {
        PstGateOutcome *outcome = outcomes->pdata[i];
        g_autofree char *why = pst_gate_moving(facts, rule, outcome);

        outcome->moves = why != NULL;
        if (verdict->moving == NULL)
            verdict->moving = g_steal_pointer(&why);
    }
}

/* The earlier to be mended the earlier told; otherwise as the policy has it. */
static void
sort_in(GPtrArray *sorted, PstGateOutcome *outcome)
{
    guint at = sorted->len;

    while (at > 0 && ((PstGateOutcome *)sorted->pdata[at - 1])->rank > outcome->rank)
        at--;
    g_ptr_array_insert(sorted, (gint)at, outcome);
}

static void
hand_out(GPtrArray *outcomes, PstGateVerdict *verdict)
{
    verdict->broken = g_ptr_array_new();
    verdict->unchecked = g_ptr_array_new();
    verdict->held = g_ptr_array_new();
    for (guint i = 0; i < outcomes->len; i++) {
        PstGateOutcome *outcome = outcomes->pdata[i];

        if (outcome->state == PST_GATE_BROKEN)
            sort_in(verdict->broken, outcome);
        else if (outcome->state == PST_GATE_UNCHECKED)
            sort_in(verdict->unchecked, outcome);
        else
            g_ptr_array_add(verdict->held, outcome);
    }
}

static guint
count_unchecked(const PstGateVerdict *verdict, PstPolicyUnchecked unchecked)
{
    guint n = 0;

    for (guint i = 0; i < verdict->unchecked->len; i++)
        n += ((PstGateOutcome *)verdict->unchecked->pdata[i])->unchecked == (int)unchecked;
    return n;
}

/* Where nothing at all was checked, nothing is passed, whatever may be ignored. */
static PstGateResult
result_of(const PstGateVerdict *verdict, gboolean checkable)
{
    if (!checkable)
        return PST_GATE_NOT_CHECKABLE;
    if (verdict->broken->len > 0 || count_unchecked(verdict, PST_POLICY_UNCHECKED_FAILS) > 0)
        return PST_GATE_FAIL;
    if (count_unchecked(verdict, PST_POLICY_UNCHECKED_OPEN) > 0 || verdict->held->len == 0)
        return PST_GATE_COULD_NOT_CHECK;
    return PST_GATE_PASS;
}

/* ---- words ---- */

static const char *
first_message(const PstGateVerdict *verdict)
{
    const GPtrArray *from = verdict->broken->len > 0 ? verdict->broken : verdict->unchecked;

    return from->len > 0 ? ((PstGateOutcome *)from->pdata[0])->message : "nothing was asked";
}

static char *
summary_of(const PstGateVerdict *verdict, const PstReport *host)
{
    guint n = verdict->broken->len + verdict->unchecked->len + verdict->held->len;

    switch ((PstGateResult)verdict->result) {
    case PST_GATE_NOT_CHECKABLE:
        return g_strdup_printf("it can't be checked now: %s", host->summary);
    case PST_GATE_FAIL:
        if (verdict->broken->len > 0)
            return g_strdup_printf("%u of %u %s broken; first: %s", verdict->broken->len, n,
                                   verdict->broken->len == 1 ? "is" : "are",
                                   first_message(verdict));
        return g_strdup_printf("%u of %u could not be checked, which fails it; first: %s",
                               verdict->unchecked->len, n, first_message(verdict));
    case PST_GATE_COULD_NOT_CHECK:
        return g_strdup_printf("%u of %u could not be checked; first: %s", verdict->unchecked->len,
                               n, first_message(verdict));
    case PST_GATE_PASS:
        break;
    }
    if (verdict->unchecked->len > 0)
        return g_strdup_printf("%u of %u hold, and the others may be ignored", verdict->held->len,
                               n);
    return g_strdup_printf(n == 1 ? "what is expected holds" : "all %u hold", n);
}

static void
note_path(const GPtrArray *outcomes, int *worst)
{
    for (guint i = 0; i < outcomes->len; i++) {
        const char *via = ((PstGateOutcome *)outcomes->pdata[i])->via;

        for (int j = 0; via != NULL && j < PST_VIA_NONE; j++)
            if (g_str_equal(pst_answer_via_names[j], via))
                *worst = MAX(*worst, j);
    }
}

static char *
path_of(const PstGateVerdict *verdict)
{
    int worst = -1;

    note_path(verdict->broken, &worst);
    note_path(verdict->held, &worst);
    return worst >= 0 ? g_strdup(pst_answer_via_names[worst]) : NULL;
}

/* Without a baseline: how the guest stands to the mark. */
static void
note_mark(const PstGateFacts *facts, const PstMark *mark, GStrvBuilder *notes)
{
    PstAnswer *const *answers = (PstAnswer *const *)facts->all->pdata;

    if (pst_mark_relate(mark, answers, facts->all->len) == PST_MARK_OTHER_BOOT)
        g_strv_builder_add(notes, "the guest was started anew since");
    else if (pst_mark_is_set_back(mark, answers, facts->all->len))
        g_strv_builder_add(notes, "the guest's clock was set back since");
}

/* What differs of whom the two are about: new may then be that somebody asks otherwise. */
static char *
note_vantage(const PstGateCase *one)
{
    const char *user = NULL;
    g_auto(PstBaselineWish) wish = {NULL};

    if (one->before == NULL || one->vantage == NULL ||
        !pst_policy_has(one->policy, PST_POLICY_NO_NEW_FINDING))
        return NULL;
    pst_baseline_wish_again(one->before, &wish);
    pst_json_get_string(one->vantage, "user", PST_JSON_NULLABLE, &user, NULL);
    gboolean other = user != NULL ? !g_strv_contains(wish.users, user) : wish.users[0] != NULL;
    g_autofree char *names = pst_vantage_differs(one->vantage, wish.vantage);
    if (!other && names == NULL)
        return NULL;
    return g_strdup_printf(
        "the baseline was asked otherwise (%s%s%s): what depends on that can't be "
        "compared",
        other ? "user" : "", other && names != NULL ? ", " : "", names != NULL ? names : "");
}

static gboolean
expects_login(const PstPolicy *policy)
{
    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];
        if (rule->kind == PST_POLICY_LOGIN && rule->wanted)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_open_by(const PstAccessData *data, const char *name)
{
    for (guint i = 0; data->ways != NULL && i < data->ways->len; i++) {
        const PstAccessWay *way = data->ways->pdata[i];
        if (g_strcmp0(way->way, name) == 0)
            return way->verdict == PST_ACCESS_OPEN;
    }
    return FALSE;
}

/* A program that comes by a key and names none may have lost it. */
static void
note_password(const PstGateFacts *facts, GStrvBuilder *notes)
{
    const PstReport *report = facts->access != NULL ? facts->access->report : NULL;

    if (report == NULL || !expects_login(facts->one->policy) ||
        json_object_has_member(facts->one->vantage, "key") || is_open_by(report->data, "ssh-key") ||
        !is_open_by(report->data, "ssh-password"))
        return;
    g_strv_builder_add(notes,
                       "a password alone is what lets in: no key is named; who comes by a key "
                       "names it (--key)");
}

static char **
notes_of(const PstGateFacts *facts)
{
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();
    const PstMark *mark = facts->one->since != NULL ? facts->one->since->mark : NULL;

    if (facts->incomparable != NULL)
        g_strv_builder_add(notes, facts->incomparable);
    for (guint i = 0; facts->diff != NULL && i < facts->diff->notes->len; i++) {
        const PstDiffNote *note = facts->diff->notes->pdata[i];

        /* A gate asks otherwise than a baseline, of itself. */
        if (note->kind != PST_DIFF_NOTE_OTHER_QUESTION &&
            g_strcmp0(note->text, facts->incomparable) != 0)
            g_strv_builder_add(notes, note->text);
    }
    if (facts->diff == NULL && facts->incomparable == NULL && mark != NULL)
        note_mark(facts, mark, notes);
    g_autofree char *vantage = note_vantage(facts->one);
    if (vantage != NULL)
        g_strv_builder_add(notes, vantage);
    note_password(facts, notes);
    return g_strv_builder_end(notes);
}

PstGateVerdict *
pst_gate_judge(const PstGateCase *one)
{
    g_auto(PstGateFacts) facts = {NULL};
    PstGateVerdict *verdict = pst_fields_new(&pst_gate_verdict_fields);
    g_autoptr(GPtrArray) outcomes = g_ptr_array_new();

    pst_gate_facts_init(&facts, one);
    gboolean checkable = is_checkable(&facts);
    verdict->guest = g_strdup(one->guest);
    verdict->policy = g_strdup(one->policy->name);
    for (guint i = 0; i < one->policy->rules->len; i++) {
        const PstPolicyRule *rule = one->policy->rules->pdata[i];
        guint n = outcomes->len;

        if (checkable)
            judge_rule(&facts, rule, outcomes, &verdict->excused);
        else
            pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, g_strdup(one->host->summary));
        note_moving(&facts, rule, outcomes, n, verdict);
    }
    hand_out(outcomes, verdict);
    for (guint i = 0; i < verdict->broken->len; i++)
        pst_gate_why(&facts, verdict->broken->pdata[i]);
    verdict->result = (int)result_of(verdict, checkable);
    if (!checkable && is_off(one->host))
        g_clear_pointer(&verdict->moving, g_free);
    verdict->summary = summary_of(verdict, one->host);
    verdict->via = path_of(verdict);
    verdict->notes = notes_of(&facts);
    return verdict;
}

gboolean
pst_gate_may_change(const PstGateVerdict *verdict)
{
    if (verdict->moving == NULL)
        return FALSE;
    for (guint i = 0; i < verdict->broken->len; i++)
        if (!((PstGateOutcome *)verdict->broken->pdata[i])->moves)
            return FALSE;
    for (guint i = 0; i < verdict->unchecked->len; i++) {
        const PstGateOutcome *outcome = verdict->unchecked->pdata[i];
        if (outcome->unchecked == PST_POLICY_UNCHECKED_FAILS && !outcome->moves)
            return FALSE;
    }
    return TRUE;
}

gboolean
pst_gate_hangs(const PstGateVerdict *verdict)
{
    for (guint i = 0; i < verdict->unchecked->len; i++)
        if (((PstGateOutcome *)verdict->unchecked->pdata[i])->hangs)
            return TRUE;
    return FALSE;
}

static void
outdate_all(PstGateVerdict *verdict, GPtrArray *outcomes, const char *why)
{
    static const char *const words[] = {"held", "broken", "unchecked"};

    for (guint i = 0; i < outcomes->len; i++) {
        PstGateOutcome *outcome = outcomes->pdata[i];
        char *message =
            g_strdup_printf("%s; before that %s: %s", why, words[outcome->state], outcome->message);

        g_free(outcome->message);
        outcome->message = message;
        outcome->state = PST_GATE_UNCHECKED;
        outcome->lasting = outcome->hangs = FALSE;
        outcome->moves = TRUE;
        if (outcomes != verdict->unchecked)
            g_ptr_array_add(verdict->unchecked, outcome);
    }
    if (outcomes != verdict->unchecked)
        g_ptr_array_set_size(outcomes, 0);
}

void
pst_gate_outdate(PstGateVerdict *verdict, const char *why)
{
    char *summary = g_strdup_printf("%s; the verdict before that was %s: %s", why,
                                    pst_gate_result_names[verdict->result], verdict->summary);

    outdate_all(verdict, verdict->unchecked, why);
    outdate_all(verdict, verdict->broken, why);
    outdate_all(verdict, verdict->held, why);
    verdict->result = (int)result_of(verdict, TRUE);
    g_free(verdict->summary);
    verdict->summary = summary;
    g_clear_pointer(&verdict->via, g_free);
    g_free(verdict->moving);
    verdict->moving = g_strdup(why);
}
