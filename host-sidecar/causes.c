// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/causes.h"

#include "host-sidecar/cause-links.h"

static PstCause *
row(const GArray *causes, guint i)
{
    return &g_array_index(causes, PstCause, i);
}

static GArray *
collect(PstAnswer *const *answers, guint n)
{
    GArray *causes = g_array_new(FALSE, TRUE, sizeof(PstCause));

    for (guint i = 0; i < n; i++) {
        const GPtrArray *findings =
            answers[i]->report != NULL ? answers[i]->report->findings : NULL;
        for (guint j = 0; findings != NULL && j < findings->len; j++) {
            const PstFinding *finding = findings->pdata[j];
            PstCause cause = {
                answers[i], finding,           NULL,
                finding,    finding->severity, pst_dating_find(answers, n, answers[i], finding)};

            if (finding->severity > PST_SEVERITY_INFORMATION)
                g_array_append_val(causes, cause);
        }
    }
    return causes;
}

/* The finding called ID that SYMPTOM can follow from, by LINK where that is not NULL: of the same
 * answer where there is one. */
static const PstFinding *
find(const GArray *causes, const PstCause *symptom, const char *id, const PstCauseLink *link)
{
    const PstFinding *elsewhere = NULL;

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *other = row(causes, i);

        if (other->finding == symptom->finding || !g_str_equal(other->finding->id, id) ||
            (link != NULL && !link->match(symptom->finding, other->finding)))
            continue;
        if (other->answer == symptom->answer)
            return other->finding;
        if (elsewhere == NULL)
            elsewhere = other->finding;
    }
    return elsewhere;
}

static const PstFinding *
find_cause(const GArray *causes, const PstCause *symptom)
{
    const char *id = symptom->finding->id;
    const PstFinding *cause = NULL;

    if (symptom->finding->caused_by != NULL)
        return find(causes, symptom, symptom->finding->caused_by, NULL);
    for (guint i = 0; cause == NULL && i < pst_cause_links_n; i++)
        if (g_str_equal(pst_cause_links[i].symptom, id))
            cause = find(causes, symptom, pst_cause_links[i].cause, &pst_cause_links[i]);
    return cause;
}

static PstCause *
row_of(const GArray *causes, const PstFinding *finding)
{
    for (guint i = 0; i < causes->len; i++)
        if (row(causes, i)->finding == finding)
            return row(causes, i);
    return NULL;
}

/* A guest could name causes in a circle: then every one of them is a root cause. */
static const PstFinding *
find_root(const GArray *causes, const PstCause *start)
{
    const PstCause *at = start;

    for (guint steps = 0; steps < causes->len; steps++) {
        if (at->cause == NULL)
            return at->finding;
        at = row_of(causes, at->cause);
    }
    return start->finding;
}

static void
link_up(GArray *causes)
{
    for (guint i = 0; i < causes->len; i++)
        row(causes, i)->cause = find_cause(causes, row(causes, i));
    for (guint i = 0; i < causes->len; i++)
        row(causes, i)->root = find_root(causes, row(causes, i));
    for (guint i = 0; i < causes->len; i++) {
        PstCause *root = row_of(causes, row(causes, i)->root);

        if (root == row(causes, i))
            root->cause = NULL;
        root->urgency = MAX(root->urgency, row(causes, i)->finding->severity);
    }
    for (guint i = 0; i < causes->len; i++)
        row(causes, i)->urgency = row_of(causes, row(causes, i)->root)->urgency;
}

static void
append_of_root(GArray *ordered, const GArray *causes, const PstFinding *root)
{
    for (int severity = PST_SEVERITY_CRITICAL; severity > PST_SEVERITY_INFORMATION; severity--)
        for (guint i = 0; i < causes->len; i++)
            if (row(causes, i)->root == root && row(causes, i)->finding != root &&
                row(causes, i)->finding->severity == severity)
                g_array_append_val(ordered, *row(causes, i));
}

static void
append_roots(GArray *ordered, const GArray *causes, gboolean seen_by_host)
{
    for (int urgency = PST_SEVERITY_CRITICAL; urgency > PST_SEVERITY_INFORMATION; urgency--) {
        for (guint i = 0; i < causes->len; i++) {
            const PstCause *cause = row(causes, i);

            if (cause->finding != cause->root || cause->urgency != urgency ||
                (cause->answer->via == PST_VIA_HOST) != seen_by_host)
                continue;
            g_array_append_val(ordered, *cause);
            append_of_root(ordered, causes, cause->root);
        }
    }
}

GArray *
pst_causes_order(PstAnswer *const *answers, guint n)
{
    g_autoptr(GArray) causes = collect(answers, n);
    GArray *ordered = g_array_new(FALSE, TRUE, sizeof(PstCause));

    link_up(causes);
    /* Where nothing in the guest answers, that is what to mend first, whatever stands in records of
     * an earlier time. */
    append_roots(ordered, causes, TRUE);
    append_roots(ordered, causes, FALSE);
    return ordered;
}

JsonArray *
pst_causes_to_json(const GArray *causes)
{
    JsonArray *array = json_array_new();
    JsonArray *leads_to = NULL;

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = row(causes, i);

        if (cause->finding == cause->root) {
            PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
            JsonObject *json = json_object_new();

            leads_to = json_array_new();
            json_object_set_string_member(json, "probe", cause->answer->probe);
            json_object_set_object_member(
                json, "finding", pst_fields_encode(&pst_finding_fields, cause->finding, &cut));
            json_object_set_array_member(json, "leads_to", leads_to);
            JsonObject *since = pst_dating_to_json(&cause->dating);
            if (since != NULL)
                json_object_set_object_member(json, "since", since);
            json_array_add_object_element(array, json);
        } else {
            json_array_add_string_element(leads_to, cause->finding->id);
        }
    }
    return array;
}
