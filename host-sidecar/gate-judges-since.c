// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/dating.h"
#include "host-sidecar/gate-judges.h"
#include "host-sidecar/words.h"
#include "protocol/report-changes.h"
#include "protocol/report-journal.h"

#define MAX_LINES 5
#define MAX_FILES 20
#define SET_BACK "the guest's clock was set back since"

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

/* Whether moments by the guest's clock may stand before the mark's which came after it. */
static gboolean
is_set_back(const PstGateFacts *facts)
{
    const PstMark *mark = facts->one->since != NULL ? facts->one->since->mark : NULL;

    return mark != NULL &&
           pst_mark_is_set_back(mark, (PstAnswer *const *)facts->all->pdata, facts->all->len);
}

/* Why the place of the moment in the journal dates nothing; NULL where it does, or none was asked
 * for. A journal that was emptied has nothing from before that moment either, and perhaps not all
 * that came after. */
static char *
why_not_dated(const PstAnswer *answer)
{
    const PstJournalData *data = answer->report->data;

    if (!json_object_has_member(answer->args, "after") || data->after_found == PST_TRI_YES)
        return NULL;
    return g_strdup(data->after_found == PST_TRI_NO
                        ? "the journal's entry of that moment is gone, and older ones are there"
                        : "whether the journal still has its entry of that moment is not known: "
                          "what came since may be gone with it");
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
    why = why_not_dated(answer);
    if (why == NULL)
        why = why_not_whole(answer);
    if (why == NULL && data->cursor != NULL)
        why = g_strdup("there are more entries than are told at once, and those told are excepted");
    if (why == NULL && (data->journald == NULL || data->storage == NULL))
        why = g_strdup("the journal's state is not known");
    /* By its place in the journal it does not matter what the clock showed. */
    if (why == NULL && !json_object_has_member(answer->args, "after") && is_set_back(facts))
        why = g_strdup(SET_BACK);
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

typedef enum {
    CHANGED,
    UNCHANGED, /* or it may be, or another row tells of it */
    NOT_KNOWN,
} Change;

/* Whether whatever is in the folder may be changed. */
static gboolean
is_free(char *const *excepts, const char *folder)
{
    static const char *const any[] = {"x", "Any.name-at all"};
    gboolean all = TRUE;

    for (guint i = 0; all && i < G_N_ELEMENTS(any); i++) {
        g_autofree char *path = g_build_filename(folder, any[i], NULL);
        all = is_excepted(excepts, path);
    }
    return all;
}

/* Something in a folder was added, taken away or renamed. A file in it that may not be changed and
 * was stands for itself. One that may tells only what it may have been: another may be gone. */
static Change
judge_folder(const PstPolicy *policy, const PstChangesData *data, const char *folder)
{
    char *const *excepts = policy->files_except;
    Change change = CHANGED;

    if (is_free(excepts, folder))
        return UNCHANGED;
    for (guint i = 0; i < data->files->len; i++) {
        const char *path = ((PstChangesFile *)data->files->pdata[i])->path;

        if (path == NULL || !is_in_folder(path, folder))
            continue;
        if (!is_excepted(excepts, path))
            return UNCHANGED;
        change = NOT_KNOWN;
    }
    for (; *excepts != NULL; excepts++)
        if (is_in_folder(*excepts, folder))
            change = NOT_KNOWN;
    return change;
}

static Change
judge_file(const PstPolicy *policy, const PstChangesData *data, const PstChangesFile *file)
{
    if (file->path == NULL || is_excepted(policy->files_except, file->path))
        return UNCHANGED;
    return g_strcmp0(file->kind, "folder") == 0 ? judge_folder(policy, data, file->path) : CHANGED;
}

static PstGateOutcome *
collect_files(const PstGateFacts *facts, const PstPolicyRule *rule, const PstChangesData *data,
              GPtrArray *outcomes)
{
    PstGateOutcome *outcome = NULL;
    guint n = 0;

    for (guint i = 0; data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];

        if (judge_file(facts->one->policy, data, file) != CHANGED)
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

/* The folder in which something was changed that is not known; NULL for none. */
static const char *
unknown_folder(const PstGateFacts *facts, const PstChangesData *data)
{
    for (guint i = 0; data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];

        if (judge_file(facts->one->policy, data, file) == NOT_KNOWN)
            return file->path;
    }
    return NULL;
}

static gboolean
has(char **paths, const char *path)
{
    return paths != NULL && g_strv_contains((const char *const *)paths, path);
}

/* Whether a baseline saw it, or something in it. */
static gboolean
was_there(const PstGateFacts *facts, const char *path)
{
    const PstBaseline *before = facts->one->before;
    const PstAnswer *former =
        before != NULL && facts->incomparable == NULL
            ? pst_mark_find((PstAnswer *const *)before->answers->pdata, before->answers->len,
                            pst_report_changes_kind.name)
            : NULL;
    const PstChangesData *data = former != NULL ? former->report->data : NULL;
    g_autofree char *inside = g_strconcat(path, "/", NULL);

    if (data != NULL && has(data->looked_at, path))
        return TRUE;
    for (guint i = 0; data != NULL && data->files != NULL && i < data->files->len; i++) {
        const char *file = ((PstChangesFile *)data->files->pdata[i])->path;
        if (file != NULL && (g_str_equal(file, path) || g_str_has_prefix(file, inside)))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_unlooked(const PstAnswer *answer, const char *path)
{
    for (guint i = 0; i < answer->report->findings->len; i++) {
        const PstFinding *finding = answer->report->findings->pdata[i];

        if (finding->severity == PST_SEVERITY_UNKNOWN && finding->evidence != NULL &&
            g_strcmp0(finding->evidence->path, path) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Why the files that are told may not be all that changed. What is mounted at a path below which
 * anything may be changed does not matter. */
static char *
why_not_all_files(const PstAnswer *answer, const PstPolicy *policy)
{
    const PstChangesData *data = answer->report->data;

    for (guint i = 0; i < answer->report->findings->len; i++) {
        const PstFinding *finding = answer->report->findings->pdata[i];
        const char *path = finding->evidence != NULL ? finding->evidence->path : NULL;

        if (finding->severity != PST_SEVERITY_UNKNOWN)
            continue;
        if (!g_str_equal(finding->id, "changes.mount-not-entered") || path == NULL)
            return g_strdup(finding->message);
        if (!is_free(policy->files_except, path))
            return g_strdup_printf("%s; except=%s/* lets that pass", finding->message, path);
    }
    if (data->left_out > 0)
        return g_strdup("more was changed than is told");
    if (data->complete != PST_TRI_YES)
        return g_strdup(data->incomplete != NULL ? data->incomplete
                                                 : "not all of it was gone through");
    return answer->report->truncated ? g_strdup("its report was cut") : NULL;
}

/* Of the paths that are not there: gone since the baseline is broken. The first of the others is
 * *ABSENT: nothing below it was looked at, whoever misspelled it. FALSE where none is gone. */
static gboolean
judge_absent(const PstGateFacts *facts, const PstPolicyRule *rule, const char **absent,
             GPtrArray *outcomes)
{
    const PstAnswer *answer = facts->files;
    const PstChangesData *data = answer->report->data;
    gboolean gone = FALSE;

    for (char **path = facts->one->policy->below; *path != NULL; path++) {
        g_autofree char *plain = g_canonicalize_filename(*path, "/");

        if (has(data->looked_at, plain) || is_unlooked(answer, plain) || answer->report->truncated)
            continue;
        if (!was_there(facts, plain)) {
            *absent = *absent != NULL ? *absent : *path;
            continue;
        }
        gone = TRUE;
        PstGateOutcome *outcome =
            pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN,
                                 g_strdup_printf("%s is gone: the baseline had it", *path));
        pst_gate_outcome_of(outcome, answer->probe, answer);
        outcome->path = g_strdup(*path);
        outcome->which = g_strdup(*path);
        outcome->lasting = TRUE;
    }
    return gone;
}

void
pst_gate_judges_files(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_changes_kind.name;
    const PstAnswer *answer = facts->files;
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
    }
    const char *absent = NULL;
    if (judge_absent(facts, rule, &absent, outcomes) || outcome != NULL)
        return;
    why = why_not_all_files(answer, facts->one->policy);
    if (why == NULL && absent != NULL)
        why = g_strdup_printf("%s is not there: nothing below it could be looked at", absent);
    const char *folder = unknown_folder(facts, data);
    if (why == NULL && folder != NULL)
        why = g_strdup_printf("something was added to %s, taken from it or renamed in it, and "
                              "whether only what may be is not known; except=%s lets that pass",
                              folder, folder);
    if (why == NULL && is_set_back(facts))
        why = g_strdup(SET_BACK);
    if (why != NULL)
        add_unsure(answer, rule, why, outcomes);
    else
        pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                                                 g_strdup("no file was changed that may not be")),
                            probe, answer);
}
