// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/dating.h"
#include "host-sidecar/gate-judges.h"
#include "host-sidecar/words.h"
#include "protocol/report-changes.h"
#include "protocol/report-journal.h"

#define MAX_LINES 5
#define MAX_FILES 20

static gboolean
is_excepted(char *const *patterns, const char *text)
{
    for (; *patterns != NULL; patterns++)
        if (g_pattern_match_simple(*patterns, text))
            return TRUE;
    return FALSE;
}

/* Why nothing that is not there can be said not to be there; NULL where it can. */
static char *
why_not_whole(const PstAnswer *answer)
{
    const PstFinding *unlooked = pst_gate_facts_unlooked(answer);

    if (unlooked != NULL)
        return g_strdup(unlooked->message);
    return answer->report->truncated ? g_strdup("its report was cut") : NULL;
}

static void
add_unsure(const PstAnswer *answer, const PstPolicyRule *rule, char *why, GPtrArray *outcomes)
{
    pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, why),
                        answer->probe, answer);
}

/* ---- journal ---- */

static gboolean
counts(const PstGateFacts *facts, const char *identifier, const char *message)
{
    g_autofree char *text =
        g_strdup_printf("%s%s%s", identifier != NULL ? identifier : "",
                        identifier != NULL ? ": " : "", message != NULL ? message : "");

    return !is_excepted(facts->one->policy->journal_except, text);
}

static void
add_line(PstGateOutcome *outcome, const PstJournalLine *entry)
{
    PstGateLine *line = pst_fields_append(&pst_gate_line_fields, &outcome->lines);

    line->realtime_us = entry->realtime_us;
    line->identifier = g_strdup(entry->identifier);
    line->unit = g_strdup(entry->unit);
    line->message = g_strdup(entry->message);
}

/* The unit of who writes this is that of whoever called it, and not what it is about. */
static gboolean
runs_anywhere(const char *identifier)
{
    static const char *const programs[] = {"sudo", "su", NULL};

    return identifier != NULL && g_strv_contains(programs, identifier);
}

/* Newest first in the report; what was first is told first. */
static void
add_entries(const PstGateFacts *facts, const PstJournalData *data, PstGateOutcome *outcome)
{
    for (guint i = data->entries->len; i-- > 0;) {
        const PstJournalLine *entry = data->entries->pdata[i];

        if (outcome->lines != NULL && outcome->lines->len >= MAX_LINES)
            return;
        if (!counts(facts, entry->identifier, entry->message))
            continue;
        if (outcome->unit == NULL && !runs_anywhere(entry->identifier))
            outcome->unit = g_strdup(entry->unit);
        add_line(outcome, entry);
    }
}

static guint
count_entries(const PstGateFacts *facts, const PstJournalData *data)
{
    guint n = 0;

    for (guint i = 0; data->entries != NULL && i < data->entries->len; i++) {
        const PstJournalLine *entry = data->entries->pdata[i];
        n += counts(facts, entry->identifier, entry->message);
    }
    return n;
}

/* A message that is withheld, as that of a private unit, is an entry all the same. */
void
pst_gate_judges_journal(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_journal_kind.name;
    const PstAnswer *answer = facts->journal;
    char *why = NULL;

    if (!pst_gate_facts_is_of_now(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    const PstJournalData *data = answer->report->data;
    guint n = count_entries(facts, data);
    if (data->after_found == PST_TRI_NO) {
        add_unsure(answer, rule,
                   g_strdup("the journal's entry of that moment is gone, and older ones are there"),
                   outcomes);
        return;
    }
    if (n > 0) {
        PstGateOutcome *outcome = pst_gate_outcome_add(
            outcomes, rule, PST_GATE_BROKEN,
            g_strdup_printf("%u%s new %s in the journal", n, data->cursor != NULL ? " or more" : "",
                            n == 1 ? "entry" : "entries"));
        pst_gate_outcome_of(outcome, probe, answer);
        add_entries(facts, data, outcome);
        outcome->lasting = TRUE;
        return;
    }
    why = why_not_whole(answer);
    if (why == NULL && data->cursor != NULL)
        why = g_strdup("there are more entries than are told at once, and those told are excepted");
    if (why == NULL && (data->journald == NULL || data->storage == NULL))
        why = g_strdup("the journal's state is not known");
    if (why != NULL)
        add_unsure(answer, rule, why, outcomes);
    else
        pst_gate_outcome_of(
            pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD, g_strdup("no new entries")), probe,
            answer);
}

/* ---- files ---- */

static gboolean
is_in_folder(const char *path, const char *folder)
{
    gsize len = g_str_equal(folder, "/") ? 0 : strlen(folder);

    return strncmp(path, folder, len) == 0 && path[len] == '/' && path[len + 1] != '\0' &&
           strchr(path + len + 1, '/') == NULL;
}

/* Something in a folder was added, taken away or renamed: a changed file in it explains that, and
 * so does a file that may change. */
static gboolean
is_explained(const PstGateFacts *facts, const PstChangesData *data, const PstChangesFile *folder)
{
    char *const *excepts = facts->one->policy->files_except;

    for (guint i = 0; i < data->files->len; i++)
        if (is_in_folder(((PstChangesFile *)data->files->pdata[i])->path, folder->path))
            return TRUE;
    for (; *excepts != NULL; excepts++)
        if (is_in_folder(*excepts, folder->path))
            return TRUE;
    return FALSE;
}

static gboolean
is_changed(const PstGateFacts *facts, const PstChangesData *data, const PstChangesFile *file)
{
    if (file->path == NULL || is_excepted(facts->one->policy->files_except, file->path))
        return FALSE;
    return g_strcmp0(file->kind, "folder") != 0 || !is_explained(facts, data, file);
}

static PstGateOutcome *
collect_files(const PstGateFacts *facts, const PstPolicyRule *rule, const PstChangesData *data,
              GPtrArray *outcomes)
{
    PstGateOutcome *outcome = NULL;
    guint n = 0;

    for (guint i = 0; data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];

        if (!is_changed(facts, data, file))
            continue;
        if (outcome == NULL)
            outcome = pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN, NULL);
        if (n++ < MAX_FILES)
            pst_gate_why_add_file(facts, outcome, file, facts->files, PST_TRI_YES);
    }
    if (outcome != NULL)
        outcome->message = g_strdup_printf("%u %s changed below %s", n,
                                           n == 1 ? "file was" : "files were", rule->subject);
    return outcome;
}

void
pst_gate_judges_files(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_changes_kind.name;
    const PstAnswer *answer = facts->files;
    const PstMark *mark = facts->one->since != NULL ? facts->one->since->mark : NULL;
    char *why = NULL;

    if (!pst_gate_facts_is_of_now(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    const PstChangesData *data = answer->report->data;
    PstGateOutcome *outcome = collect_files(facts, rule, data, outcomes);
    if (outcome != NULL) {
        pst_gate_outcome_of(outcome, probe, answer);
        outcome->lasting = TRUE;
        return;
    }
    why = why_not_whole(answer);
    if (why == NULL && data->complete != PST_TRI_YES)
        why = g_strdup("not all of it was gone through in time");
    if (why == NULL && data->left_out > 0)
        why = g_strdup("more was changed than is told");
    if (why == NULL && mark != NULL &&
        pst_mark_is_set_back(mark, (PstAnswer *const *)facts->all->pdata, facts->all->len))
        why = g_strdup("the guest's clock was set back since");
    if (why != NULL)
        add_unsure(answer, rule, why, outcomes);
    else
        pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                                                 g_strdup("no file was changed that may not be")),
                            probe, answer);
}
