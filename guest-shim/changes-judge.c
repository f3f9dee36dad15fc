// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-judge.h"
#include "protocol/shell-word.h"

#include <string.h>

/* ---- owners ---- */

static gboolean
is_number(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static gint64
uid_of(const PstAccounts *accounts, const char *name)
{
    const PstAccount *account;

    if (is_number(name))
        return g_ascii_strtoll(name, NULL, 10);
    if (g_str_equal(name, "root"))
        return 0;
    account = accounts != NULL ? pst_accounts_find(accounts, name) : NULL;
    return account != NULL ? account->uid : -1;
}

static gint64
gid_of(const PstAccounts *accounts, const char *name)
{
    if (is_number(name))
        return g_ascii_strtoll(name, NULL, 10);
    if (g_str_equal(name, "root"))
        return 0;
    return accounts != NULL ? pst_accounts_gid(accounts, name) : -1;
}

char *
pst_changes_judge_owner(const PstAccounts *accounts, const char *recorded)
{
    g_auto(GStrv) parts = g_strsplit(recorded, ":", 2);

    if (g_strv_length(parts) != 2)
        return NULL;
    gint64 uid = uid_of(accounts, parts[0]), gid = gid_of(accounts, parts[1]);
    if (uid < 0 || gid < 0)
        return NULL;
    return g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, uid, gid);
}

/* ---- findings ---- */

static PstFinding *
add(PstReport *report, const char *id, PstSeverity severity, const PstChangesFile *file,
    char *message)
{
    PstFinding *finding = pst_report_add(report, id, severity, "%s", message);

    finding->evidence->path = g_strdup(file->path);
    finding->evidence->mode = g_strdup(file->mode);
    finding->evidence->owner = g_strdup(file->owner);
    finding->evidence->source = g_strdup(file->former_source);
    finding->evidence->changed_us = file->changed_us;
    g_free(message);
    return finding;
}

/* Hardening takes bits away, and that is its good right; bits that were added open a file. */
static void
judge_mode(const PstChangesFile *file, PstReport *report)
{
    guint64 mode = g_ascii_strtoull(file->mode, NULL, 8);
    guint64 former = g_ascii_strtoull(file->former_mode, NULL, 8);
    gboolean opened = (mode & ~former) != 0;
    PstFinding *finding =
        add(report, "changes.package-file-mode",
            opened ? PST_SEVERITY_WARNING : PST_SEVERITY_INFORMATION, file,
            g_strdup_printf("%s has mode %s; its package, %s, gave it %s", file->path, file->mode,
                            file->package, file->former_mode));

    finding->evidence->expected = g_strdup(file->former_mode);
    g_autofree char *word = pst_shell_word(file->path);
    finding->remedy = g_strdup_printf("chmod %s %s", file->former_mode, word);
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);
    undo->path = g_strdup(file->path);
    undo->mode = g_strdup(file->former_mode);
}

static void
judge_owner(const PstChangesFile *file, const PstAccounts *accounts, PstReport *report)
{
    g_autofree char *numeric = pst_changes_judge_owner(accounts, file->former_owner);

    if (numeric == NULL || g_str_equal(numeric, file->owner))
        return;
    gboolean from_root = g_str_has_prefix(numeric, "0:") && !g_str_has_prefix(file->owner, "0:");
    PstFinding *finding =
        add(report, "changes.package-file-mode",
            from_root ? PST_SEVERITY_WARNING : PST_SEVERITY_INFORMATION, file,
            g_strdup_printf("%s belongs to %s; its package, %s, gave it to %s", file->path,
                            file->owner, file->package, file->former_owner));

    finding->evidence->expected = g_strdup(numeric);
    g_autofree char *word = pst_shell_word(file->path);
    finding->remedy = g_strdup_printf("chown %s %s", file->former_owner, word);
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_OWNER);
    undo->path = g_strdup(file->path);
    undo->owner = g_steal_pointer(&numeric);
}

static void
judge_content(const PstChangesFile *file, PstReport *report)
{
    PstFinding *finding =
        add(report, "changes.package-file-changed", PST_SEVERITY_WARNING, file,
            g_strdup_printf("%s is not what its package, %s %s, put there", file->path,
                            file->package, file->version != NULL ? file->version : ""));

    finding->evidence->expected = g_strdup(file->former_digest);
    finding->evidence->text = g_strdup(file->digest);
    finding->remedy = g_strdup_printf("find out who changed it; then reinstall %s", file->package);
}

/* Links are told as units. A package unpacks a file anew; where only its status changed since, that
 * was somebody else. */
static gboolean
is_by_hand(const PstChangesFile *file)
{
    if (file->control_plane != PST_TRI_YES || g_str_equal(file->type, "folder") ||
        g_str_equal(file->type, "link"))
        return FALSE;
    return file->packaged == PST_TRI_NO || file->former_digest != NULL ||
           file->former_mode != NULL || file->former_owner != NULL ||
           (g_str_equal(file->kind, "status") && file->created_us != PST_INT_UNKNOWN);
}

/* One line for all that somebody, rather than a package, did to the control plane. */
static void
tell_by_hand(const GPtrArray *files, PstReport *report)
{
    const PstChangesFile *latest = NULL;
    guint n = 0;

    for (guint i = 0; i < files->len; i++) {
        const PstChangesFile *file = files->pdata[i];

        if (!is_by_hand(file))
            continue;
        n++;
        if (latest == NULL || file->changed_us > latest->changed_us)
            latest = file;
    }
    if (latest == NULL)
        return;
    add(report, "changes.by-hand", PST_SEVERITY_INFORMATION, latest,
        g_strdup_printf("%u file%s that decide%s about access %s changed other than by a package; "
                        "the latest is %s",
                        n, n == 1 ? "" : "s", n == 1 ? "s" : "", n == 1 ? "was" : "were",
                        latest->path));
}

void
pst_changes_judge(const GPtrArray *files, const PstAccounts *accounts, PstReport *report)
{
    for (guint i = 0; i < files->len; i++) {
        const PstChangesFile *file = files->pdata[i];

        if (file->control_plane != PST_TRI_YES || g_str_equal(file->type, "link"))
            continue;
        if (file->former_mode != NULL)
            judge_mode(file, report);
        if (file->former_owner != NULL)
            judge_owner(file, accounts, report);
        if (file->former_digest != NULL && file->config == PST_TRI_NO)
            judge_content(file, report);
    }
    tell_by_hand(files, report);
}
