// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot-words.h"

#include "host-sidecar/power-words.h"
#include "host-sidecar/render.h"
#include "host-sidecar/snapshot-judge.h"
#include "protocol/json.h"

static const char *const holds_words[] = {
    [PST_SNAPSHOT_MEMORY] = "running, with its memory",
    [PST_SNAPSHOT_DISKS] = "its disks only",
    [PST_SNAPSHOT_OFF] = "off",
};

static const char *const kind_words[] = {
    [PST_SNAPSHOT_INTERNAL] = "internal",
    [PST_SNAPSHOT_EXTERNAL] = "external",
    [PST_SNAPSHOT_MIXED] = "partly external",
};

void
pst_snapshot_words_clear(PstSnapshotOutcome *outcome)
{
    g_clear_pointer(&outcome->act, json_object_unref);
    g_clear_pointer(&outcome->done, pst_snapshot_done_free);
    g_clear_pointer(&outcome->proof, pst_power_verdict_free);
}

/* ---- a list ---- */

static void
append_row(GString *out, const PstSnapshot *row)
{
    pst_render_append(out, row->name);
    if (row->current == PST_TRI_YES)
        g_string_append(out, ", the current one");
    g_string_append(out, ": ");
    if (row->age_ms != PST_INT_UNKNOWN) {
        g_autofree char *span = pst_snapshot_judge_span(row->age_ms);
        g_string_append_printf(out, "%s old, ", span);
    }
    g_string_append_printf(out, "%s, %s", holds_words[row->holds], kind_words[row->kind]);
    if (row->parent != NULL) {
        g_string_append(out, ", from ");
        pst_render_append(out, row->parent);
    }
    g_string_append_c(out, '\n');
    if (row->description != NULL) {
        g_string_append(out, "    ");
        pst_render_quote(out, row->description);
        g_string_append_c(out, '\n');
    }
}

char *
pst_snapshot_words_list(const PstSnapshotList *list)
{
    GString *out = g_string_new(NULL);
    guint n = list->snapshots != NULL ? list->snapshots->len : 0;

    for (guint i = 0; i < n; i++)
        append_row(out, list->snapshots->pdata[i]);
    if (n == 0) {
        pst_render_append(out, list->guest);
        g_string_append(out, " has no snapshots\n");
    }
    if (list->left_out > 0)
        g_string_append_printf(out, "note: %" G_GINT64_FORMAT " older ones are not told\n",
                               list->left_out);
    return g_string_free(out, FALSE);
}

/* ---- what was done ---- */

static void
append_guest(GString *out, const PstSnapshotOutcome *outcome)
{
    const char *guest = "";

    pst_json_get_string(outcome->act, "guest", PST_JSON_OPTIONAL, &guest, NULL);
    pst_render_append(out, guest);
    g_string_append(out, ": ");
}

static void
append_notes(GString *out, const PstSnapshotDone *done)
{
    for (guint i = 0; done->notes != NULL && done->notes[i] != NULL; i++) {
        g_string_append(out, "note: ");
        pst_render_append(out, done->notes[i]);
        g_string_append_c(out, '\n');
    }
}

static void
append_took(GString *out, const PstSnapshotDone *done)
{
    if (done->took_ms != PST_INT_UNKNOWN)
        g_string_append_printf(out, " (%.1f s)", (double)done->took_ms / 1000);
    g_string_append_c(out, '\n');
}

char *
pst_snapshot_words_created(const PstSnapshotOutcome *outcome)
{
    const PstSnapshotDone *done = outcome->done;
    GString *out = g_string_new(NULL);

    append_guest(out, outcome);
    g_string_append(out, "snapshot ");
    pst_render_append(out, done->snapshot->name);
    g_string_append_printf(out, ": %s, %s", holds_words[done->snapshot->holds],
                           kind_words[done->snapshot->kind]);
    append_took(out, done);
    append_notes(out, done);
    return g_string_free(out, FALSE);
}

char *
pst_snapshot_words_lost(const char *domain, const PstSnapshotDone *preview)
{
    GString *out = g_string_new("Revert ");

    pst_render_append(out, domain);
    g_string_append(out, " to ");
    pst_render_append(out, preview->snapshot->name);
    g_string_append(out, ": lost is ");
    for (guint i = 0; preview->lost != NULL && preview->lost[i] != NULL; i++) {
        if (i > 0)
            g_string_append(out, "; ");
        pst_render_append(out, preview->lost[i]);
    }
    if (preview->stays != NULL && preview->stays[0] != NULL) {
        g_autofree char *names = g_strjoinv(", ", preview->stays);
        g_string_append(out, "; not in it, and as they are now, stay its disks ");
        pst_render_append(out, names);
    }
    return g_string_free(out, FALSE);
}

char *
pst_snapshot_words_reverted(const PstSnapshotOutcome *outcome)
{
    const PstSnapshotDone *done = outcome->done;
    GString *out = g_string_new(NULL);

    append_guest(out, outcome);
    g_string_append(out, "it was reverted to ");
    pst_render_append(out, done->snapshot->name);
    append_took(out, done);
    if (done->lost != NULL && done->lost[0] != NULL) {
        g_string_append(out, "lost: ");
        pst_render_append(out, done->lost[0]);
        g_string_append_c(out, '\n');
    }
    if (done->stays != NULL && done->stays[0] != NULL) {
        g_autofree char *names = g_strjoinv(", ", done->stays);
        g_string_append(out, "as they were: its disks ");
        pst_render_append(out, names);
        g_string_append_c(out, '\n');
    }
    append_notes(out, done);
    pst_power_words_append_bundle(out, outcome->act);
    if (outcome->proof != NULL)
        pst_power_words_append_proof(out, outcome->proof);
    return g_string_free(out, FALSE);
}

JsonObject *
pst_snapshot_words_json(const PstSnapshotOutcome *outcome)
{
    const PstPowerOutcome power = {.act = outcome->act, .proof = outcome->proof};

    return pst_power_words_json(&power);
}

int
pst_snapshot_words_exit_code(const PstSnapshotOutcome *outcome)
{
    const PstPowerOutcome power = {.proof = outcome->proof};

    return pst_power_words_exit_code(&power);
}
