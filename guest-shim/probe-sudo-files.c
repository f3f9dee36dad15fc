// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/probe-sudo-parts.h"
#include "guest-shim/sudoers-members.h"
#include "protocol/shell-word.h"

static const struct {
    PstSudoersFileState state;
    const char *id;
    const char *reason;
} states[] = {
    {PST_SUDOERS_WRONG_OWNER, "sudo.file-wrong-owner", "does not belong to root"},
    {PST_SUDOERS_WORLD_WRITABLE, "sudo.file-world-writable", "is writable by everybody"},
    {PST_SUDOERS_GROUP_WRITABLE, "sudo.file-group-writable",
     "is writable by a group other than root's"},
    {PST_SUDOERS_WRONG_TYPE, "sudo.file-wrong-type", "is not of the right type"},
    {PST_SUDOERS_SKIPPED_NAME, "sudo.file-skipped", "has a name that sudo skips"},
    {PST_SUDOERS_MISSING, "sudo.include-missing", "is not there"},
    {PST_SUDOERS_UNLOOKED, "sudo.could-not-look", "could not be looked at"},
};

static guint
row_of(PstSudoersFileState state)
{
    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        if (states[i].state == state)
            return i;
    g_return_val_if_reached(0);
}

static const PstSudoersFile *
find_file(const PstSudoers *sudoers, const char *path)
{
    for (guint i = 0; path != NULL && i < sudoers->files->len; i++) {
        const PstSudoersFile *file = sudoers->files->pdata[i];
        if (g_str_equal(file->path, path))
            return file;
    }
    return NULL;
}

/* Whether FILE is the one that RULE stands in, or a way to it. */
static gboolean
leads_to(const PstSudoers *sudoers, const PstSudoersFile *file, const PstSudoersRule *rule)
{
    const PstSudoersFile *at = rule->file;

    for (guint depth = 0; at != NULL && depth < 200; depth++) {
        if (at == file)
            return TRUE;
        at = find_file(sudoers, at->from);
    }
    return FALSE;
}

/* The rule that would grant what is asked for, if sudo read every file; NULL where the one that it
 * reads is as good, or none would. */
static const PstSudoersRule *
lost_rule(PstProbeSudo *sudo)
{
    PstSudoersQuestion what_if = sudo->question;
    gboolean good = sudo->answer.match == PST_SUDOERS_ALLOWED && sudo->nopasswd;

    if (sudo->user == NULL || good)
        return NULL;
    what_if.all_files = TRUE;
    PstSudoersAnswer better = pst_sudoers_match(sudo->sudoers, &what_if);
    if (better.match != PST_SUDOERS_ALLOWED)
        return NULL;
    if (sudo->answer.match == PST_SUDOERS_ALLOWED && better.nopasswd != PST_SUDOERS_YES)
        return NULL;
    return better.rule;
}

static void
fill_file_evidence(const PstSudoersFile *file, PstFinding *finding)
{
    finding->evidence->path = g_strdup(file->path);
    finding->evidence->error = g_strdup(file->error);
    if (file->mode < 0)
        return;
    finding->evidence->mode = pst_probe_sudo_mode(file->mode);
    finding->evidence->owner = pst_probe_sudo_owner(file->uid, file->gid);
}

static void
advise(const PstSudoersFile *file, PstFinding *finding)
{
    const char *mode = file->folder ? "0750" : "0440";
    PstUndo *undo;
    g_autofree char *word = pst_shell_word(file->path);

    switch (file->state) {
    case PST_SUDOERS_WORLD_WRITABLE:
    case PST_SUDOERS_GROUP_WRITABLE:
        finding->evidence->expected = g_strdup(mode);
        finding->remedy = g_strdup_printf("read it first, since others could have written to it; "
                                          "then chmod %s %s",
                                          mode, word);
        undo = pst_report_undo(finding, PST_UNDO_MODE);
        undo->path = g_strdup(file->path);
        undo->mode = g_strdup(mode);
        break;
    case PST_SUDOERS_WRONG_OWNER:
        finding->evidence->expected = g_strdup("0:0");
        finding->remedy =
            g_strdup_printf("read it first, since its owner could have written to it; "
                            "then chown root:root %s",
                            word);
        undo = pst_report_undo(finding, PST_UNDO_OWNER);
        undo->path = g_strdup(file->path);
        undo->owner = g_strdup("0:0");
        break;
    case PST_SUDOERS_SKIPPED_NAME:
        finding->remedy = g_strdup("if its rules are wanted, rename it: without a dot, and without "
                                   "a ~ at the end");
        break;
    case PST_SUDOERS_MISSING:
        finding->evidence->text =
            file->from != NULL ? g_strdup_printf("named in %s:%u", file->from, file->from_line)
                               : NULL;
        finding->remedy = g_strdup_printf("restore %s", file->path);
        break;
    case PST_SUDOERS_WRONG_TYPE:
        finding->evidence->expected = g_strdup(file->folder ? "a folder" : "a regular file");
        finding->remedy = g_strdup_printf("restore %s", file->path);
        break;
    case PST_SUDOERS_COUNTS:
    case PST_SUDOERS_UNLOOKED:
        break;
    }
}

/* Whether anything in a file that sudo skips by its name would have counted. */
static gboolean
holds_rules(const PstSudoers *sudoers, const PstSudoersFile *file)
{
    for (guint i = 0; i < sudoers->rules->len; i++)
        if (((const PstSudoersRule *)sudoers->rules->pdata[i])->file == file)
            return TRUE;
    return FALSE;
}

static PstSeverity
severity_of(PstProbeSudo *sudo, const PstSudoersFile *file, gboolean blamed)
{
    if (file->state == PST_SUDOERS_UNLOOKED)
        return PST_SEVERITY_UNKNOWN;
    if (file->from == NULL || blamed)
        return PST_SEVERITY_CRITICAL;
    if (file->state == PST_SUDOERS_SKIPPED_NAME)
        return PST_SEVERITY_INFORMATION;
    /* A folder that is not there is no error to sudo; it is one to somebody whose rule is gone. */
    if (file->state == PST_SUDOERS_MISSING && file->folder &&
        (sudo->user == NULL || sudo->answer.rule != NULL))
        return PST_SEVERITY_INFORMATION;
    return PST_SEVERITY_WARNING;
}

/* Returns the finding's id where it explains a missing rule. */
static const char *
judge_file(PstProbeSudo *sudo, const PstSudoersFile *file, const PstSudoersRule *lost)
{
    guint row = row_of(file->state);
    gboolean blamed = lost != NULL && (leads_to(sudo->sudoers, file, lost) || lost->file->counts);

    if (file->state == PST_SUDOERS_SKIPPED_NAME && !holds_rules(sudo->sudoers, file))
        return NULL;
    PstSeverity severity = severity_of(sudo, file, blamed);
    PstFinding *finding;
    if (blamed && lost->file == file)
        finding = pst_report_add(sudo->report, states[row].id, severity,
                                 "%s %s: sudo passes over it, and over the rule for %s in line %u",
                                 file->path, states[row].reason, sudo->user->name, lost->line);
    else
        finding = pst_report_add(sudo->report, states[row].id, severity, "%s %s: sudo %s",
                                 file->path, states[row].reason,
                                 file->from != NULL ? "passes over it"
                                                    : "has no policy and refuses everybody");
    fill_file_evidence(file, finding);
    advise(file, finding);
    if (blamed && lost->file == file) {
        finding->evidence->line = lost->line;
        finding->evidence->text = g_strdup(lost->text);
    }
    if (severity == PST_SEVERITY_CRITICAL)
        sudo->refused |= file->from == NULL || sudo->answer.match != PST_SUDOERS_ALLOWED;
    if (severity == PST_SEVERITY_UNKNOWN)
        pst_probe_sudo_doubt(sudo, NULL, "%s could not be looked at", file->path);
    if (file->state == PST_SUDOERS_MISSING)
        sudo->weak_cause = states[row].id;
    return blamed || file->from == NULL ? states[row].id : NULL;
}

/* Whether a line that sudo drops could have been the user's: its list of users names it, or it was
 * to define an alias. */
static gboolean
could_be_the_users(PstProbeSudo *sudo, const PstSudoersFault *fault)
{
    const char *rest = fault->text, *why = NULL;
    gboolean good = sudo->answer.match == PST_SUDOERS_ALLOWED &&
                    (sudo->nopasswd || strstr(fault->text, "NOPASSWD") == NULL);

    if (sudo->user == NULL || !fault->file->counts || good)
        return FALSE;
    if (strstr(fault->text, "_Alias") != NULL)
        return sudo->answer.rule == NULL;
    g_autoptr(GPtrArray) users = pst_sudoers_members_users(&rest, &why);
    return users != NULL &&
           pst_sudoers_match_users(sudo->sudoers, &sudo->question, users) == PST_SUDOERS_ALLOWED;
}

static const char *
judge_fault(PstProbeSudo *sudo, const PstSudoersFault *fault)
{
    gboolean blamed = could_be_the_users(sudo, fault);

    if (!fault->file->counts)
        return NULL;
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.syntax-error", blamed ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        "%s:%u is not valid, so sudo drops the line%s%s: %s", fault->file->path, fault->line,
        blamed ? ", which could be the rule for " : "", blamed ? sudo->user->name : "",
        fault->fault);
    pst_probe_sudo_at(finding, fault->file->path, fault->line, fault->text);
    g_autofree char *word = pst_shell_word(fault->file->path);
    finding->remedy =
        g_strdup_printf("mend line %u (visudo -f %s), or take the file away", fault->line, word);
    return blamed ? "sudo.syntax-error" : NULL;
}

static void
list_files(PstProbeSudo *sudo)
{
    for (guint i = 0; i < sudo->sudoers->files->len; i++) {
        const PstSudoersFile *file = sudo->sudoers->files->pdata[i];
        PstSudoFile *row = pst_fields_append(&pst_report_sudo_file_fields, &sudo->data->files);

        row->path = g_strdup(file->path);
        row->folder = PST_TRI(file->folder);
        row->obeyed = PST_TRI(file->counts);
        if (file->mode >= 0) {
            row->mode = pst_probe_sudo_mode(file->mode);
            row->owner = pst_probe_sudo_owner(file->uid, file->gid);
        }
        if (file->state != PST_SUDOERS_COUNTS)
            row->reason = g_strdup(states[row_of(file->state)].reason);
        else if (!file->counts)
            row->reason = g_strdup("what leads to it is passed over");
    }
}

const char *
pst_probe_sudo_files(PstProbeSudo *sudo)
{
    const PstSudoersRule *lost = lost_rule(sudo);
    const char *cause = NULL, *id;

    list_files(sudo);
    sudo->meant_nopasswd = sudo->nopasswd || lost != NULL;
    for (guint i = 0; i < sudo->sudoers->files->len; i++) {
        const PstSudoersFile *file = sudo->sudoers->files->pdata[i];
        if (file->state == PST_SUDOERS_COUNTS)
            continue;
        id = judge_file(sudo, file, lost);
        cause = cause == NULL ? id : cause;
    }
    for (guint i = 0; i < sudo->sudoers->faults->len; i++) {
        id = judge_fault(sudo, sudo->sudoers->faults->pdata[i]);
        cause = cause == NULL ? id : cause;
    }
    return cause;
}
