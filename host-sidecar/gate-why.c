// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate-facts.h"
#include "protocol/report-changes.h"
#include "protocol/report-journal.h"
#include "protocol/report-services.h"

/* Of what may only have to do with it. */
#define MAX_CANDIDATES 5
/* What went wrong, in syslog's words: a warning. */
#define URGENT 4

/* ---- files ---- */

static gboolean
has_file(const PstGateOutcome *outcome, const char *path)
{
    for (guint i = 0; outcome->files != NULL && i < outcome->files->len; i++)
        if (g_str_equal(((PstGateFile *)outcome->files->pdata[i])->path, path))
            return TRUE;
    return FALSE;
}

void
pst_gate_why_add_file(const PstGateFacts *facts, PstGateOutcome *outcome,
                      const PstChangesFile *file, const PstAnswer *answer, PstTri named)
{
    PstEvidence evidence = {.path = file->path, .changed_us = file->changed_us};
    const PstFinding finding = {.evidence = &evidence};
    PstAnswer *const own[] = {(PstAnswer *)answer};
    PstDating dating = pst_dating_find(own, 1, answer, &finding);

    if (has_file(outcome, file->path))
        return;
    dating.file = file;
    PstGateFile *row = pst_fields_append(&pst_gate_file_fields, &outcome->files);
    row->path = g_strdup(file->path);
    row->how = pst_dating_text(&dating);
    row->kind = g_strdup(file->kind);
    row->mode = g_strdup(file->mode);
    row->former_mode = g_strdup(file->former_mode);
    row->owner = g_strdup(file->owner);
    row->former_owner = g_strdup(file->former_owner);
    row->package = g_strdup(file->package);
    row->changed_us = file->changed_us;
    row->named = named;
    (void)facts;
}

static const PstChangesFile *
find_changed(const PstGateFacts *facts, const char *path)
{
    const PstChangesData *data = pst_gate_facts_data(facts, pst_report_changes_kind.name);

    for (guint i = 0; data != NULL && data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];
        if (g_strcmp0(file->path, path) == 0)
            return file;
    }
    return NULL;
}

/* What was changed before the moment is not of the change; where there is none, all may be. */
static gboolean
is_since(const PstGateFacts *facts, gint64 changed_us)
{
    gint64 moment_us = pst_gate_facts_moment(facts);

    return moment_us == PST_INT_UNKNOWN ||
           (changed_us != PST_INT_UNKNOWN && changed_us >= moment_us);
}

/* By the list of what was changed, or by what the finding itself says of the file. */
static void
add_path(const PstGateFacts *facts, PstGateOutcome *outcome, const char *path, gint64 changed_us)
{
    const PstAnswer *answer = pst_gate_facts_find(facts, pst_report_changes_kind.name);
    const PstChangesFile *file = path != NULL ? find_changed(facts, path) : NULL;
    PstChangesFile alone = {
        .path = (char *)path, .changed_us = changed_us, .size = PST_INT_UNKNOWN};
    gint64 moment_us = pst_gate_facts_moment(facts);

    if (file != NULL) {
        if (is_since(facts, file->changed_us))
            pst_gate_why_add_file(facts, outcome, file, answer, PST_TRI_YES);
        return;
    }
    if (path == NULL || moment_us == PST_INT_UNKNOWN || !is_since(facts, changed_us) ||
        facts->now->len == 0)
        return;
    pst_gate_why_add_file(facts, outcome, &alone, facts->now->pdata[0], PST_TRI_YES);
}

static void
add_finding_file(const PstGateFacts *facts, PstGateOutcome *outcome, const PstFinding *finding)
{
    const PstEvidence *evidence = finding != NULL ? finding->evidence : NULL;

    if (evidence == NULL)
        return;
    add_path(facts, outcome, evidence->path, evidence->changed_us);
    if (outcome->unit == NULL)
        outcome->unit = g_strdup(evidence->unit);
}

/* What a unit is made of. */
static void
add_unit_files(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    const PstChangesData *changes = pst_gate_facts_data(facts, pst_report_changes_kind.name);
    const PstServicesData *services = pst_gate_facts_data(facts, pst_report_services_kind.name);

    for (guint i = 0; changes != NULL && changes->units != NULL && i < changes->units->len; i++) {
        const PstChangesUnit *unit = changes->units->pdata[i];
        if (g_strcmp0(unit->unit, outcome->unit) == 0)
            add_path(facts, outcome, unit->path, unit->changed_us);
    }
    for (guint i = 0; services != NULL && services->units != NULL && i < services->units->len;
         i++) {
        const PstServicesUnit *unit = services->units->pdata[i];
        if (g_strcmp0(unit->name, outcome->unit) == 0 && unit->fragment_path != NULL)
            add_path(facts, outcome, unit->fragment_path, PST_INT_UNKNOWN);
    }
}

/* What decides about access, and was changed after the moment, may be why. Of a file that is gone
 * its FOLDERS tell. */
static guint
add_candidates(const PstGateFacts *facts, PstGateOutcome *outcome, gboolean folders)
{
    const PstAnswer *answer = pst_gate_facts_find(facts, pst_report_changes_kind.name);
    const PstChangesData *data = pst_gate_facts_data(facts, pst_report_changes_kind.name);
    gint64 moment_us = pst_gate_facts_moment(facts);
    guint n = 0;

    for (guint i = 0; data != NULL && data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];

        if (moment_us == PST_INT_UNKNOWN || file->control_plane != PST_TRI_YES ||
            file->changed_us < moment_us || n >= MAX_CANDIDATES ||
            (g_strcmp0(file->kind, "folder") == 0) != folders)
            continue;
        pst_gate_why_add_file(facts, outcome, file, answer, PST_TRI_NO);
        n++;
    }
    return n;
}

/* ---- the journal ---- */

/* Who writes of it what no unit tells: these run in the unit of whoever called them. An entry
 * counts here only after a moment, since nothing else relates it to what was found. */
static const struct {
    const char *finding; /* how its id begins */
    const char *identifiers[5];
} writers[] = {
    {"access.no-root", {"sudo", "su"}},
    {"access.no-login", {"sshd", "sshd-session"}},
    {"sudo.", {"sudo"}},
    {"ssh.", {"sshd", "sshd-session"}},
    {"pam.", {"sudo", "su", "sshd", "sshd-session"}},
};

static const char *const *
writers_of(const PstGateFacts *facts, const PstGateOutcome *outcome)
{
    if (outcome->finding == NULL || pst_gate_facts_moment(facts) == PST_INT_UNKNOWN)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(writers); i++)
        if (g_str_has_prefix(outcome->finding->id, writers[i].finding))
            return writers[i].identifiers;
    return NULL;
}

/* By one of IDENTIFIERS; of its unit where that is NULL. */
static gboolean
is_of(const PstGateOutcome *outcome, const PstJournalGroup *group, const char *const *identifiers)
{
    if (group->message == NULL || group->priority > URGENT)
        return FALSE;
    if (identifiers == NULL)
        return g_strcmp0(group->unit, outcome->unit) == 0;
    return group->identifier != NULL && g_strv_contains(identifiers, group->identifier);
}

/* The oldest kind of entry of that after the moment. */
static const PstJournalGroup *
first_group(const PstGateFacts *facts, const PstGateOutcome *outcome,
            const char *const *identifiers)
{
    const PstAnswer *const answers[] = {facts->journal,
                                        pst_gate_facts_find(facts, pst_report_journal_kind.name)};
    gint64 moment_us = pst_gate_facts_moment(facts);
    const PstJournalGroup *first = NULL;

    for (guint a = 0; a < G_N_ELEMENTS(answers); a++) {
        const PstJournalData *data =
            pst_gate_facts_is_of_now(answers[a]) ? answers[a]->report->data : NULL;

        for (guint i = 0; data != NULL && data->groups != NULL && i < data->groups->len; i++) {
            const PstJournalGroup *group = data->groups->pdata[i];
            if (is_of(outcome, group, identifiers) &&
                (moment_us == PST_INT_UNKNOWN || group->first_us >= moment_us) &&
                (first == NULL || group->first_us < first->first_us))
                first = group;
        }
    }
    return first;
}

/* The lines of a unit are the last of the boot, and go back to before the change. */
static gboolean
is_older(const PstServicesLine *line, gint64 moment_us)
{
    return moment_us != PST_INT_UNKNOWN && line->realtime_us != PST_INT_UNKNOWN &&
           line->realtime_us < moment_us;
}

/* Newest first in the report. */
static void
add_service_line(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    const PstServicesData *data = pst_gate_facts_data(facts, pst_report_services_kind.name);
    gint64 moment_us = pst_gate_facts_moment(facts);
    const PstServicesLine *first = NULL;

    for (guint i = 0; data != NULL && data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];

        if (g_strcmp0(unit->name, outcome->unit) != 0)
            continue;
        for (guint j = 0; unit->lines != NULL && j < unit->lines->len; j++) {
            const PstServicesLine *line = unit->lines->pdata[j];
            if (!is_older(line, moment_us) && (line->priority <= URGENT || first == NULL))
                first = line;
        }
    }
    if (first == NULL)
        return;
    PstGateLine *line = pst_fields_append(&pst_gate_line_fields, &outcome->lines);
    line->realtime_us = first->realtime_us;
    line->identifier = g_strdup(first->identifier);
    line->unit = g_strdup(outcome->unit);
    line->message = g_strdup(first->message);
}

static void
add_group(PstGateOutcome *outcome, const PstJournalGroup *group)
{
    PstGateLine *line = pst_fields_append(&pst_gate_line_fields, &outcome->lines);
    line->realtime_us = group->first_us;
    line->count = group->count;
    line->identifier = g_strdup(group->identifier);
    line->unit = g_strdup(group->unit);
    line->message = g_strdup(group->message);
}

static void
add_first_line(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    const char *const *identifiers = writers_of(facts, outcome);
    const PstJournalGroup *group = NULL;

    if (outcome->lines != NULL)
        return;
    if (outcome->unit != NULL) {
        group = first_group(facts, outcome, NULL);
        if (group == NULL)
            add_service_line(facts, outcome);
    }
    if (group == NULL && outcome->lines == NULL && identifiers != NULL)
        group = first_group(facts, outcome, identifiers);
    if (group != NULL)
        add_group(outcome, group);
}

/* ---- differences from the baseline ---- */

/* Whether NAME stands in WHERE, whole: /etc/sudoers is not /etc/sudoers.d. What is in a folder of
 * that name is of it, and so is a unit's own file, or a drop-in. */
static gboolean
has_name(const char *where, const char *name)
{
    gboolean is_unit = name[0] != '/';
    gsize len = strlen(name);

    if (len == 0)
        return FALSE;
    for (const char *at = strstr(where, name); at != NULL; at = strstr(at + 1, name)) {
        const char *end = at + len;
        gboolean begins =
            at == where || strchr("[ ,", at[-1]) != NULL || (is_unit && at[-1] == '/');

        if (begins && (*end == '\0' || strchr("] ,:/", *end) != NULL ||
                       (is_unit && g_str_has_prefix(end, ".d/"))))
            return TRUE;
    }
    return FALSE;
}

/* Whether the place of a difference is of what the outcome names. */
static gboolean
is_about(const PstGateOutcome *outcome, const PstDiffChange *change)
{
    const PstFinding *root = outcome->root != NULL ? outcome->root : outcome->finding;
    const PstEvidence *evidence = root != NULL ? root->evidence : NULL;
    const char *const names[] = {outcome->unit, outcome->path,
                                 evidence != NULL ? evidence->path : NULL,
                                 evidence != NULL ? evidence->unit : NULL};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i] != NULL && has_name(change->where, names[i]))
            return TRUE;
    return FALSE;
}

static void
add_differences(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    guint n = 0;

    for (guint i = 0; i < facts->diff->changes->len && n < MAX_CANDIDATES; i++) {
        const PstDiffChange *change = facts->diff->changes->pdata[i];

        if (change->kind == PST_DIFF_UNKNOWN || !is_about(outcome, change))
            continue;
        g_autofree char *text = g_strdup_printf(
            "%s: %s, was %s", change->where, change->after != NULL ? change->after : "not there",
            change->before != NULL ? change->before : "not there");
        g_strv_builder_add(texts, text);
        n++;
    }
    if (n > 0)
        outcome->differences = g_strv_builder_end(texts);
}

/* ---- all of it ---- */

static gboolean
is_relative(const PstFinding *root, const PstCause *cause)
{
    return g_str_equal(cause->root->id, root->id) &&
           g_strcmp0(cause->root->message, root->message) == 0;
}

/* What was found and all that has the same root: each of them names something of the whole. */
static void
add_relatives(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    const PstFinding *root = outcome->root != NULL ? outcome->root : outcome->finding;

    for (guint i = 0; root != NULL && i < facts->causes->len; i++) {
        const PstCause *cause = &g_array_index(facts->causes, PstCause, i);

        if (is_relative(root, cause))
            add_finding_file(facts, outcome, cause->finding);
    }
}

/* The folder that PATH is in, where something came to it or went from it since. */
static const PstChangesFile *
find_folder(const PstGateFacts *facts, const char *path)
{
    g_autofree char *folder =
        path != NULL && g_path_is_absolute(path) ? g_path_get_dirname(path) : NULL;
    const PstChangesFile *file = folder != NULL ? find_changed(facts, folder) : NULL;

    return file != NULL && g_strcmp0(file->kind, "folder") == 0 && is_since(facts, file->changed_us)
               ? file
               : NULL;
}

/* Of a file that is to be there and is not its folder tells, and is named; beside a file that is
 * there, and is as it was, anything may have been put or taken away. */
static void
add_folder(const PstGateFacts *facts, PstGateOutcome *outcome, const PstFinding *finding,
           PstTri named)
{
    const PstEvidence *evidence = finding != NULL ? finding->evidence : NULL;
    const PstChangesFile *file = NULL;

    if (evidence == NULL ||
        (named != PST_TRI_YES && pst_gate_facts_moment(facts) == PST_INT_UNKNOWN))
        return;
    file = find_folder(facts, named == PST_TRI_YES ? evidence->expected : evidence->path);
    if (file != NULL)
        pst_gate_why_add_file(facts, outcome, file,
                              pst_gate_facts_find(facts, pst_report_changes_kind.name), named);
}

static void
add_folders(const PstGateFacts *facts, PstGateOutcome *outcome, PstTri named)
{
    const PstFinding *root = outcome->root != NULL ? outcome->root : outcome->finding;

    add_folder(facts, outcome, outcome->root, named);
    add_folder(facts, outcome, outcome->finding, named);
    for (guint i = 0; root != NULL && i < facts->causes->len; i++) {
        const PstCause *cause = &g_array_index(facts->causes, PstCause, i);

        if (is_relative(root, cause))
            add_folder(facts, outcome, cause->finding, named);
    }
}

/* Where nothing that is named was changed. What decides about access is told beside a folder too:
 * nobody knows what it was that came to that, or went. */
static void
add_likely(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    add_folders(facts, outcome, PST_TRI_YES);
    if (outcome->files == NULL)
        add_folders(facts, outcome, PST_TRI_NO);
    if (g_strcmp0(outcome->probe, "access") == 0 && add_candidates(facts, outcome, FALSE) == 0 &&
        outcome->files == NULL)
        add_candidates(facts, outcome, TRUE);
}

void
pst_gate_why(const PstGateFacts *facts, PstGateOutcome *outcome)
{
    add_finding_file(facts, outcome, outcome->root);
    add_finding_file(facts, outcome, outcome->finding);
    add_relatives(facts, outcome);
    add_path(facts, outcome, outcome->path, PST_INT_UNKNOWN);
    if (outcome->unit != NULL)
        add_unit_files(facts, outcome);
    add_first_line(facts, outcome);
    if (facts->diff != NULL)
        add_differences(facts, outcome);
    if (outcome->files == NULL)
        add_likely(facts, outcome);
}
