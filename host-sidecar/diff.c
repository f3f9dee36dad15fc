// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diff.h"

#include <string.h>

#include "host-sidecar/baseline-question.h"
#include "host-sidecar/diff-parts.h"
#include "protocol/fields-compare.h"

const char *const pst_diff_kind_names[] = {"appeared", "vanished", "changed", "unknown", NULL};
const char *const pst_diff_finding_kind_names[] = {"appeared", "worse",   "better",
                                                   "vanished", "unknown", NULL};

void
pst_diff_free(PstDiff *diff)
{
    g_ptr_array_unref(diff->notes);
    g_ptr_array_unref(diff->findings);
    g_ptr_array_unref(diff->changes);
    g_ptr_array_unref(diff->unseen);
    g_free(diff);
}

/* ---- what can be compared ---- */

/* Why an answer is no word of the guest's own on how it was then; NULL where it is. */
static char *
unusable(const PstAnswer *answer)
{
    if (answer == NULL)
        return g_strdup("that was not asked");
    if (answer->report == NULL)
        return answer->error != NULL ? pst_answer_explain(answer) : g_strdup("nothing answered");
    if (answer->report->kind == NULL)
        return g_strdup("this postern does not know the probe");
    if (answer->via == PST_VIA_VOLUME)
        return g_strdup("only a record of earlier tells of it");
    if (answer->via == PST_VIA_HOST || answer->via == PST_VIA_NONE)
        return g_strdup("the guest itself did not answer");
    return NULL;
}

/* The shim's program and the agent's own words tell different things. */
static char *
incomparable(const PstAnswer *before, const PstAnswer *after)
{
    if ((before->via == PST_VIA_AGENT_BUILTIN) == (after->via == PST_VIA_AGENT_BUILTIN))
        return NULL;
    return g_strdup_printf("via %s once and via %s then, of which one tells less",
                           pst_answer_via_names[before->via], pst_answer_via_names[after->via]);
}

static char *
verdict_words(const PstAnswer *answer)
{
    if (answer == NULL || answer->report == NULL)
        return NULL;
    return g_strdup_printf("%s: %s", pst_report_status_names[answer->report->status],
                           answer->report->summary);
}

/* TRUE where the two can be compared; else that is told. */
static gboolean
check_comparable(PstDiff *diff, const PstAnswer *before, const PstAnswer *after)
{
    g_autofree char *old = unusable(before);
    g_autofree char *new = unusable(after);
    const PstAnswer *about = before != NULL ? before : after;
    char *reason = NULL;

    if (old != NULL && new != NULL)
        reason = g_str_equal(old, new) ? g_strdup_printf("both: %s", old)
                                       : g_strdup_printf("before: %s; after: %s", old, new);
    else if (old != NULL)
        reason = g_strdup_printf("before: %s", old);
    else if (new != NULL)
        reason = g_strdup_printf("after: %s", new);
    else
        reason = incomparable(before, after);
    if (reason == NULL)
        return TRUE;
    GPtrArray *rows = old != NULL && new != NULL ? diff->unseen : diff->changes;
    PstDiffChange *change = pst_diff_rows_add_unknown(rows, about, about->probe, reason);
    change->before = old == NULL ? verdict_words(before) : NULL;
    change->after = new == NULL ? verdict_words(after) : NULL;
    return FALSE;
}

/* ---- data ---- */

/* Two answers to one question. */
typedef struct {
    PstDiff *diff;
    const PstAnswer *before, *after;
} Data;

static gboolean
is_about(const PstFinding *finding, const GPtrArray *names)
{
    const PstEvidence *evidence = finding->evidence;

    for (guint i = 0; evidence != NULL && i < names->len; i++)
        if (g_strcmp0(evidence->path, names->pdata[i]) == 0 ||
            g_strcmp0(evidence->unit, names->pdata[i]) == 0 ||
            g_strcmp0(evidence->user, names->pdata[i]) == 0)
            return TRUE;
    return FALSE;
}

static PstSeverity
severity_of(const Data *data, const GPtrArray *names)
{
    PstSeverity severity = PST_SEVERITY_INFORMATION;

    for (guint i = 0; i < data->diff->findings->len; i++) {
        const PstDiffFinding *finding = data->diff->findings->pdata[i];
        if (finding->after != NULL && g_str_equal(finding->probe, data->after->probe) &&
            is_about(finding->after, names))
            severity = MAX(severity, pst_diff_finding_severity(finding));
    }
    return severity;
}

static char *
unknown_reason(const PstFieldsDifference *difference, const Data *data)
{
    if (difference->kind == PST_FIELDS_UNSEEN)
        return g_strdup("both could not tell");
    if (g_strcmp0(difference->before, "unknown") == 0)
        return g_strdup("before: it could not tell");
    if (g_strcmp0(difference->after, "unknown") == 0)
        return g_strdup("after: it could not tell");
    return g_strdup_printf("the list was cut %s, so that it may have had them",
                           data->before->report->truncated && data->after->report->truncated
                               ? "both times"
                           : data->before->report->truncated ? "before"
                                                             : "after");
}

static void
hear(const PstFieldsDifference *difference, gpointer user_data)
{
    static const PstDiffKind kinds[] = {
        [PST_FIELDS_APPEARED] = PST_DIFF_APPEARED, [PST_FIELDS_VANISHED] = PST_DIFF_VANISHED,
        [PST_FIELDS_CHANGED] = PST_DIFF_CHANGED,   [PST_FIELDS_UNKNOWN] = PST_DIFF_UNKNOWN,
        [PST_FIELDS_UNSEEN] = PST_DIFF_UNKNOWN,
    };
    Data *data = user_data;
    GPtrArray *rows =
        difference->kind == PST_FIELDS_UNSEEN ? data->diff->unseen : data->diff->changes;
    PstDiffChange *change =
        pst_diff_rows_add_change(rows, kinds[difference->kind], data->after, difference->where);

    change->before = g_strdup(difference->before);
    change->after = g_strdup(difference->after);
    if (change->kind == PST_DIFF_UNKNOWN)
        change->reason = unknown_reason(difference, data);
    change->severity = (int)severity_of(data, difference->names);
    /* What neither could tell, of a report that both have, is a part of what they say. */
    if (difference->kind == PST_FIELDS_UNKNOWN)
        change->severity = PST_SEVERITY_UNKNOWN;
}

static void
compare_data(gpointer element, gpointer diff)
{
    Data *data = element;
    const PstReport *before = data->before->report, *after = data->after->report;
    const PstFieldsComparison comparison = {.name = before->probe,
                                            .before_cut = before->truncated,
                                            .after_cut = after->truncated,
                                            .func = hear,
                                            .user_data = data};

    ((PstDiff *)diff)->n_facts +=
        pst_fields_compare(before->kind->data, before->data, after->data, &comparison);
}

/* Their findings; their data then, when the findings of all are known. */
static void
compare_answers(PstDiff *diff, GPtrArray *pairs, const PstAnswer *before, const PstAnswer *after)
{
    const Data data = {diff, before, after};

    if (!check_comparable(diff, before, after))
        return;
    pst_diff_findings_compare(diff, before, after);
    g_ptr_array_add(pairs, g_memdup2(&data, sizeof data));
}

/* ---- all of it ---- */

static GHashTable *
by_question(const PstBaseline *baseline)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < baseline->answers->len; i++)
        g_hash_table_insert(table, pst_baseline_question_of(baseline->answers->pdata[i]),
                            baseline->answers->pdata[i]);
    return table;
}

/* As far as their users. */
static int
compare_change_words(const PstDiffChange *left, const PstDiffChange *right)
{
    int by = right->severity - left->severity;

    by = by != 0 ? by : strcmp(left->where, right->where);
    by = by != 0 ? by : left->kind - right->kind;
    by = by != 0 ? by : g_strcmp0(left->before, right->before);
    by = by != 0 ? by : g_strcmp0(left->after, right->after);
    return by != 0 ? by : g_strcmp0(left->reason, right->reason);
}

static int
compare_changes(gconstpointer a, gconstpointer b)
{
    const PstDiffChange *left = *(const PstDiffChange *const *)a;
    const PstDiffChange *right = *(const PstDiffChange *const *)b;
    int by = compare_change_words(left, right);

    return by != 0 ? by : g_strcmp0(left->user, right->user);
}

static gboolean
is_same_change(gconstpointer a, gconstpointer b)
{
    return compare_change_words(a, b) == 0;
}

static const PstFinding *
present(const PstDiffFinding *finding)
{
    return finding->after != NULL ? finding->after : finding->before;
}

/* As far as their users. */
static int
compare_finding_words(const PstDiffFinding *left, const PstDiffFinding *right)
{
    int by = (int)pst_diff_finding_severity(right) - (int)pst_diff_finding_severity(left);

    by = by != 0 ? by : left->kind - right->kind;
    by = by != 0 ? by : strcmp(present(left)->id, present(right)->id);
    by = by != 0 ? by : strcmp(left->probe, right->probe);
    return by != 0 ? by : strcmp(present(left)->message, present(right)->message);
}

static int
compare_findings(gconstpointer a, gconstpointer b)
{
    const PstDiffFinding *left = *(const PstDiffFinding *const *)a;
    const PstDiffFinding *right = *(const PstDiffFinding *const *)b;
    int by = compare_finding_words(left, right);

    return by != 0 ? by : g_strcmp0(left->user, right->user);
}

static gboolean
is_same_finding(gconstpointer a, gconstpointer b)
{
    return compare_finding_words(a, b) == 0;
}

/* What was told once for each of the users is told once, of nobody: ROWS are in order, and their
 * users stand at OFFSET. */
static void
merge_users(GPtrArray *rows, guint n_users, gsize offset,
            gboolean (*is_same)(gconstpointer a, gconstpointer b))
{
    for (guint i = 0; n_users > 1 && i + n_users <= rows->len; i++) {
        guint n = 1;

        while (i + n < rows->len && is_same(rows->pdata[i], rows->pdata[i + n]))
            n++;
        if (n != n_users)
            continue;
        g_clear_pointer((char **)((char *)rows->pdata[i] + offset), g_free);
        g_ptr_array_remove_range(rows, i + 1, n - 1);
    }
}

PstDiff *
pst_diff_make(const PstBaseline *before, const PstBaseline *after)
{
    PstDiff *diff = g_new0(PstDiff, 1);
    g_autoptr(GHashTable) old = by_question(before);
    g_autoptr(GHashTable) new = by_question(after);
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free); /* of Data */
    GHashTableIter iter;
    gpointer question, answer;

    pst_diff_rows_begin(diff);
    pst_diff_identity_compare(diff, before, after);
    g_hash_table_iter_init(&iter, old);
    while (g_hash_table_iter_next(&iter, &question, &answer))
        compare_answers(diff, pairs, answer, g_hash_table_lookup(new, question));
    g_hash_table_iter_init(&iter, new);
    while (g_hash_table_iter_next(&iter, &question, &answer))
        if (!g_hash_table_contains(old, question))
            compare_answers(diff, pairs, NULL, answer);
    g_ptr_array_foreach(pairs, compare_data, diff);
    guint n_users = MIN(g_strv_length(before->users), g_strv_length(after->users));
    g_ptr_array_sort(diff->findings, compare_findings);
    g_ptr_array_sort(diff->changes, compare_changes);
    g_ptr_array_sort(diff->unseen, compare_changes);
    merge_users(diff->findings, n_users, G_STRUCT_OFFSET(PstDiffFinding, user), is_same_finding);
    merge_users(diff->changes, n_users, G_STRUCT_OFFSET(PstDiffChange, user), is_same_change);
    merge_users(diff->unseen, n_users, G_STRUCT_OFFSET(PstDiffChange, user), is_same_change);
    return diff;
}

gboolean
pst_diff_is_empty(const PstDiff *diff)
{
    return diff->notes->len == 0 && diff->findings->len == 0 && diff->changes->len == 0;
}

static gboolean
is_any_unknown(const GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++)
        if (((const PstDiffChange *)changes->pdata[i])->severity == PST_SEVERITY_UNKNOWN)
            return TRUE;
    return FALSE;
}

PstDiffVerdict
pst_diff_verdict(const PstDiff *diff)
{
    gboolean unsure = is_any_unknown(diff->changes) || is_any_unknown(diff->unseen);

    if (diff->same_guest == PST_TRI_NO)
        return PST_DIFF_NOT_SURE;
    for (guint i = 0; i < diff->findings->len; i++) {
        PstSeverity severity = pst_diff_finding_severity(diff->findings->pdata[i]);

        if (severity == PST_SEVERITY_WARNING || severity == PST_SEVERITY_CRITICAL)
            return PST_DIFF_WORSE;
        unsure |= severity == PST_SEVERITY_UNKNOWN;
    }
    for (guint i = 0; i < diff->notes->len; i++)
        unsure |= ((const PstDiffNote *)diff->notes->pdata[i])->severity == PST_SEVERITY_UNKNOWN;
    return unsure ? PST_DIFF_NOT_SURE : PST_DIFF_SAME;
}
