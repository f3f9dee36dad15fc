// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diff-parts.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

/* A screen. */
#define MAX_FINDINGS 10
#define MAX_CHANGES 12
#define MAX_UNSEEN 5
#define MAX_WORDS 72

static const char *const verdict_names[] = {"same", "worse", "not-sure"};

/* ---- for people ---- */

static void
append_cut(GString *out, const char *text)
{
    g_autoptr(GString) escaped = g_string_new(NULL);

    pst_render_append(escaped, text);
    pst_render_append_cut(out, escaped->str, MAX_WORDS);
}

static void
append_more(GString *out, guint n, guint max, const char *what)
{
    if (n > max)
        g_string_append_printf(out, "… and %u more %s; --json tells all\n", n - max, what);
}

static void
append_user(GString *out, const char *user)
{
    if (user == NULL)
        return;
    g_string_append(out, " for ");
    pst_render_append(out, user);
}

static guint
count_worse(const PstDiff *diff)
{
    guint n = 0;

    for (guint i = 0; i < diff->findings->len; i++) {
        PstSeverity severity = pst_diff_finding_severity(diff->findings->pdata[i]);
        n += severity == PST_SEVERITY_WARNING || severity == PST_SEVERITY_CRITICAL;
    }
    return n;
}

static void
append_verdict(GString *out, const PstDiff *diff)
{
    guint worse = count_worse(diff);

    if (pst_diff_verdict(diff) == PST_DIFF_WORSE)
        g_string_append_printf(out, "worse: %u finding%s appeared or became worse", worse,
                               worse == 1 ? "" : "s");
    else if (pst_diff_verdict(diff) == PST_DIFF_NOT_SURE)
        g_string_append(out, "could not be compared as a whole");
    else
        g_string_append(out, diff->findings->len + diff->changes->len > 0
                                 ? "changed, and nothing for the worse"
                                 : "nothing differs");
    g_string_append_printf(out, "; %u change%s in %u facts\n", diff->changes->len,
                           diff->changes->len == 1 ? "" : "s", diff->n_facts);
}

static void
append_finding(GString *out, const PstDiffFinding *row)
{
    const PstFinding *finding = row->after != NULL ? row->after : row->before;

    g_string_append_printf(out, "%-9s %-8s ",
                           pst_render_severity_words[pst_diff_finding_severity(row)],
                           pst_diff_finding_kind_names[row->kind]);
    pst_render_quote(out, finding->message);
    g_string_append(out, " [");
    pst_render_append(out, finding->id);
    g_string_append(out, "]");
    append_user(out, row->user);
    g_string_append_c(out, '\n');
}

static void
append_change(GString *out, const PstDiffChange *row)
{
    g_string_append_printf(out, "%-9s %-8s ", pst_render_severity_words[row->severity],
                           pst_diff_kind_names[row->kind]);
    append_cut(out, row->where);
    append_user(out, row->user);
    if (row->before != NULL || row->after != NULL) {
        g_string_append(out, ": ");
        append_cut(out, row->before != NULL ? row->before : "nothing");
        g_string_append(out, " → ");
        append_cut(out, row->after != NULL ? row->after : "nothing");
    }
    if (row->reason != NULL) {
        g_string_append(out, " (");
        pst_render_quote(out, row->reason);
        g_string_append_c(out, ')');
    }
    g_string_append_c(out, '\n');
}

static void
append_unseen(GString *out, const PstDiffChange *row)
{
    g_string_append(out, "not compared: ");
    append_cut(out, row->where);
    append_user(out, row->user);
    g_string_append(out, ": ");
    pst_render_quote(out, row->reason);
    g_string_append_c(out, '\n');
}

char *
pst_diff_to_text(const PstDiff *diff, const char *before, const char *after)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, before);
    g_string_append(out, " → ");
    pst_render_append(out, after);
    g_string_append(out, ": ");
    append_verdict(out, diff);
    for (guint i = 0; i < diff->notes->len; i++) {
        g_string_append(out, "note: ");
        pst_render_quote(out, ((const PstDiffNote *)diff->notes->pdata[i])->text);
        g_string_append_c(out, '\n');
    }
    for (guint i = 0; i < MIN(diff->findings->len, MAX_FINDINGS); i++)
        append_finding(out, diff->findings->pdata[i]);
    append_more(out, diff->findings->len, MAX_FINDINGS, "findings");
    for (guint i = 0; i < MIN(diff->changes->len, MAX_CHANGES); i++)
        append_change(out, diff->changes->pdata[i]);
    append_more(out, diff->changes->len, MAX_CHANGES, "changes");
    for (guint i = 0; i < MIN(diff->unseen->len, MAX_UNSEEN); i++)
        append_unseen(out, diff->unseen->pdata[i]);
    append_more(out, diff->unseen->len, MAX_UNSEEN, "that neither could look at");
    return g_string_free(out, FALSE);
}

/* ---- for programs ---- */

static void
set_tri(JsonObject *json, const char *name, PstTri value)
{
    if (value != PST_TRI_UNKNOWN)
        json_object_set_boolean_member(json, name, value == PST_TRI_YES);
}

static JsonArray *
notes_to_json(const PstDiff *diff)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < diff->notes->len; i++) {
        const PstDiffNote *note = diff->notes->pdata[i];
        JsonObject *json = json_object_new();

        pst_json_set_string(json, "note", pst_diff_note_names[note->kind]);
        pst_json_set_string(json, "severity", pst_finding_severity_names[note->severity]);
        pst_json_set_string(json, "text", note->text);
        json_array_add_object_element(array, json);
    }
    return array;
}

static void
set_finding(JsonObject *json, const char *name, const PstFinding *finding)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    if (finding != NULL)
        json_object_set_object_member(json, name,
                                      pst_fields_encode(&pst_finding_fields, finding, &cut));
}

static JsonArray *
findings_to_json(const PstDiff *diff)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < diff->findings->len; i++) {
        const PstDiffFinding *row = diff->findings->pdata[i];
        JsonObject *json = json_object_new();

        pst_json_set_string(json, "change", pst_diff_finding_kind_names[row->kind]);
        pst_json_set_string(json, "severity",
                            pst_finding_severity_names[pst_diff_finding_severity(row)]);
        pst_json_set_string(json, "probe", row->probe);
        pst_json_set_string(json, "user", row->user);
        set_finding(json, "before", row->before);
        set_finding(json, "after", row->after);
        json_array_add_object_element(array, json);
    }
    return array;
}

static JsonArray *
changes_to_json(const GPtrArray *rows)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < rows->len; i++) {
        const PstDiffChange *row = rows->pdata[i];
        JsonObject *json = json_object_new();

        pst_json_set_string(json, "change", pst_diff_kind_names[row->kind]);
        pst_json_set_string(json, "severity", pst_finding_severity_names[row->severity]);
        pst_json_set_string(json, "probe", row->probe);
        pst_json_set_string(json, "user", row->user);
        pst_json_set_string(json, "where", row->where);
        pst_json_set_string(json, "before", row->before);
        pst_json_set_string(json, "after", row->after);
        pst_json_set_string(json, "reason", row->reason);
        json_array_add_object_element(array, json);
    }
    return array;
}

JsonObject *
pst_diff_to_json(const PstDiff *diff)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "verdict", verdict_names[pst_diff_verdict(diff)]);
    set_tri(json, "same_guest", diff->same_guest);
    set_tri(json, "same_boot", diff->same_boot);
    json_object_set_int_member(json, "facts", diff->n_facts);
    json_object_set_array_member(json, "notes", notes_to_json(diff));
    json_object_set_array_member(json, "findings", findings_to_json(diff));
    json_object_set_array_member(json, "changes", changes_to_json(diff->changes));
    json_object_set_array_member(json, "unseen", changes_to_json(diff->unseen));
    return json;
}
