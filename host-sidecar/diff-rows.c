// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diff-parts.h"

static void
free_note(gpointer data)
{
    PstDiffNote *note = data;

    g_free(note->text);
    g_free(note);
}

static void
free_finding(gpointer data)
{
    PstDiffFinding *finding = data;

    g_free(finding->probe);
    g_free(finding->user);
    g_free(finding);
}

static void
free_change(gpointer data)
{
    PstDiffChange *change = data;

    g_free(change->probe);
    g_free(change->user);
    g_free(change->where);
    g_free(change->before);
    g_free(change->after);
    g_free(change->reason);
    g_free(change);
}

void
pst_diff_rows_begin(PstDiff *diff)
{
    diff->notes = g_ptr_array_new_with_free_func(free_note);
    diff->findings = g_ptr_array_new_with_free_func(free_finding);
    diff->changes = g_ptr_array_new_with_free_func(free_change);
    diff->unseen = g_ptr_array_new_with_free_func(free_change);
}

void
pst_diff_rows_add_note(PstDiff *diff, PstDiffNoteKind kind, PstSeverity severity, char *text)
{
    PstDiffNote *note = g_new0(PstDiffNote, 1);

    note->kind = (int)kind;
    note->severity = (int)severity;
    note->text = text;
    g_ptr_array_add(diff->notes, note);
}

PstDiffChange *
pst_diff_rows_add_change(GPtrArray *rows, PstDiffKind kind, const PstAnswer *about,
                         const char *where)
{
    PstDiffChange *change = g_new0(PstDiffChange, 1);

    change->kind = (int)kind;
    change->probe = g_strdup(about->probe);
    change->user = g_strdup(pst_baseline_user_of(about));
    change->where = g_strdup(where);
    g_ptr_array_add(rows, change);
    return change;
}

PstDiffChange *
pst_diff_rows_add_unknown(GPtrArray *rows, const PstAnswer *about, const char *where, char *reason)
{
    PstDiffChange *change = pst_diff_rows_add_change(rows, PST_DIFF_UNKNOWN, about, where);

    change->reason = reason;
    change->severity = PST_SEVERITY_UNKNOWN;
    return change;
}
