// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diff-parts.h"

#include <string.h>

static char *
key_of(const PstFinding *finding)
{
    const PstEvidence *about = finding->evidence;
    const char *path = about != NULL && about->path != NULL ? about->path : "";
    const char *unit = about != NULL && about->unit != NULL ? about->unit : "";
    const char *user = about != NULL && about->user != NULL ? about->user : "";
    const char *name = about != NULL && about->name != NULL ? about->name : "";

    return g_strjoin("\n", finding->id, path, unit, user, name, NULL);
}

typedef struct {
    char *key;
    const PstFinding *finding;
} Keyed;

static int
compare_keyed(gconstpointer a, gconstpointer b)
{
    const Keyed *left = a, *right = b;
    int by = strcmp(left->key, right->key);

    by = by != 0 ? by : right->finding->severity - left->finding->severity;
    return by != 0 ? by : strcmp(left->finding->message, right->finding->message);
}

static GArray *
sort_keyed(const GPtrArray *findings)
{
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(Keyed));

    for (guint i = 0; i < findings->len; i++) {
        const Keyed keyed = {key_of(findings->pdata[i]), findings->pdata[i]};
        g_array_append_val(sorted, keyed);
    }
    g_array_sort(sorted, compare_keyed);
    return sorted;
}

static void
free_keyed(GArray *sorted)
{
    for (guint i = 0; i < sorted->len; i++)
        g_free(g_array_index(sorted, Keyed, i).key);
    g_array_unref(sorted);
}

typedef struct {
    PstDiff *diff;
    const PstAnswer *about;
    gboolean blinded;     /* what is there now could not look at something that it could before */
    gboolean was_blinded; /* nor what was there before, nobody says at what of it */
} Pair;

static void
add(const Pair *pair, PstDiffFindingKind kind, const PstFinding *before, const PstFinding *after)
{
    PstDiffFinding *row = g_new0(PstDiffFinding, 1);

    row->kind = (int)kind;
    row->probe = g_strdup(pair->about->probe);
    row->user = g_strdup(pst_baseline_user_of(pair->about));
    row->before = before;
    row->after = after;
    g_ptr_array_add(pair->diff->findings, row);
}

/* A warning in place of what could not be looked at may have been there all the time, and what was
 * found where that can't be looked at any more may be there still. Of information it is worse. */
static gboolean
is_unsure(const PstFinding *before, const PstFinding *after)
{
    return (before->severity == PST_SEVERITY_UNKNOWN && after->severity == PST_SEVERITY_WARNING) ||
           (after->severity == PST_SEVERITY_UNKNOWN && (before->severity == PST_SEVERITY_WARNING ||
                                                        before->severity == PST_SEVERITY_CRITICAL));
}

static void
compare_two(const Pair *pair, const PstFinding *before, const PstFinding *after)
{
    if (is_unsure(before, after))
        add(pair, PST_DIFF_FINDING_UNKNOWN, before, after);
    else if (after->severity > before->severity)
        add(pair, PST_DIFF_FINDING_WORSE, before, after);
    else if (after->severity < before->severity)
        add(pair, PST_DIFF_FINDING_BETTER, before, after);
    else if (after->severity == PST_SEVERITY_UNKNOWN)
        pst_diff_rows_add_unknown(pair->diff->unseen, pair->about, pair->about->probe,
                                  g_strdup_printf("both: %s", after->message));
}

static void
lose(const Pair *pair, const PstFinding *before)
{
    gboolean unsure = pair->blinded && before->severity >= PST_SEVERITY_WARNING &&
                      before->severity != PST_SEVERITY_UNKNOWN;

    add(pair, unsure ? PST_DIFF_FINDING_UNKNOWN : PST_DIFF_FINDING_VANISHED, before, NULL);
}

/* A warning may have been there all the time, where not all could be looked at. */
static void
find_new(const Pair *pair, const PstFinding *after)
{
    gboolean unsure = pair->was_blinded && after->severity == PST_SEVERITY_WARNING;

    add(pair, unsure ? PST_DIFF_FINDING_UNKNOWN : PST_DIFF_FINDING_APPEARED, NULL, after);
}

static gboolean
is_blind(const GArray *sorted)
{
    for (guint i = 0; i < sorted->len; i++) {
        const PstFinding *finding = g_array_index(sorted, Keyed, i).finding;
        const PstEvidence *place = finding->evidence;

        if (finding->severity == PST_SEVERITY_UNKNOWN &&
            g_str_has_suffix(finding->id, ".could-not-look") &&
            (place == NULL || (place->path == NULL && place->unit == NULL && place->user == NULL)))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_blinded(const GArray *before, const GArray *after)
{
    for (guint i = 0; i < after->len; i++) {
        const Keyed *now = &g_array_index(after, Keyed, i);
        gboolean known = now->finding->severity != PST_SEVERITY_UNKNOWN;

        for (guint j = 0; !known && j < before->len; j++)
            known = g_str_equal(g_array_index(before, Keyed, j).key, now->key);
        if (!known)
            return TRUE;
    }
    return FALSE;
}

/* One that appeared, and one of the same id that vanished: information may name the latest of many
 * files, and is about none of them. */
static gboolean
is_moved(const PstDiffFinding *one, const PstDiffFinding *other)
{
    const PstFinding *now = one->after, *then = other->before;

    return one->kind == PST_DIFF_FINDING_APPEARED && other->kind == PST_DIFF_FINDING_VANISHED &&
           now->severity == PST_SEVERITY_INFORMATION &&
           then->severity == PST_SEVERITY_INFORMATION && g_str_equal(now->id, then->id);
}

static void
forget_moved(GPtrArray *findings, guint first)
{
    guint n = findings->len;
    g_autofree gboolean *moved = g_new0(gboolean, n + 1);

    for (guint i = first; i < n; i++) {
        for (guint j = first; j < n && !moved[i]; j++)
            if (!moved[j] && is_moved(findings->pdata[i], findings->pdata[j]))
                moved[i] = moved[j] = TRUE;
    }
    for (guint i = n; i-- > first;)
        if (moved[i])
            g_ptr_array_remove_index(findings, i);
}

void
pst_diff_findings_compare(PstDiff *diff, const PstAnswer *before, const PstAnswer *after)
{
    GArray *left = sort_keyed(before->report->findings);
    GArray *right = sort_keyed(after->report->findings);
    const Pair pair = {diff, after, is_blinded(left, right), is_blind(left)};
    guint i = 0, j = 0, first = diff->findings->len;

    while (i < left->len || j < right->len) {
        const Keyed *old = i < left->len ? &g_array_index(left, Keyed, i) : NULL;
        const Keyed *new = j < right->len ? &g_array_index(right, Keyed, j) : NULL;
        int by = old == NULL ? 1 : new == NULL ? -1 : strcmp(old->key, new->key);

        if (by == 0)
            compare_two(&pair, old->finding, new->finding);
        else if (by < 0)
            lose(&pair, old->finding);
        else
            find_new(&pair, new->finding);
        i += by <= 0;
        j += by >= 0;
    }
    forget_moved(diff->findings, first);
    free_keyed(left);
    free_keyed(right);
}

PstSeverity
pst_diff_finding_severity(const PstDiffFinding *finding)
{
    switch ((PstDiffFindingKind)finding->kind) {
    case PST_DIFF_FINDING_APPEARED:
    case PST_DIFF_FINDING_WORSE:
        return (PstSeverity)finding->after->severity;
    case PST_DIFF_FINDING_UNKNOWN:
        return PST_SEVERITY_UNKNOWN;
    case PST_DIFF_FINDING_BETTER:
    case PST_DIFF_FINDING_VANISHED:
        break;
    }
    return PST_SEVERITY_INFORMATION;
}
