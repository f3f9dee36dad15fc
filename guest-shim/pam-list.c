// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-list.h"

#include <paths.h>
#include <string.h>

#include "guest-shim/pam-line.h"
#include "protocol/error.h"

#define MAX_LIST (1024 * 1024)
#define SERVICE_ERR 3

typedef PstTri (*Matches)(const PstPamSubject *subject, const char *wanted, const char *entry);

static const char *
shell_of(const PstPamSubject *subject)
{
    const char *shell = subject->user->shell;

    return shell != NULL && shell[0] != '\0' ? shell : _PATH_BSHELL;
}

static PstTri
same(const PstPamSubject *subject G_GNUC_UNUSED, const char *wanted, const char *entry)
{
    return PST_TRI(g_str_equal(wanted, entry));
}

static PstTri
same_group(const PstPamSubject *subject, const char *wanted G_GNUC_UNUSED, const char *entry)
{
    return pst_pam_subject_is_in(subject, entry);
}

/* The first line that matches, from 1, into *number. */
static PstTri
find_entry(const PstPamSubject *subject, char *text, const char *wanted, Matches matches,
           guint *number)
{
    PstTri found = PST_TRI_NO;
    char *rest = text, *line;

    for (guint i = 1; found != PST_TRI_YES && (line = strsep(&rest, "\n")) != NULL; i++) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0')
            continue;
        found = pst_pam_subject_or(found, matches(subject, wanted, line));
        *number = found == PST_TRI_YES ? i : 0;
    }
    return found;
}

/* ---- pam_listfile ---- */

/* "apply=NAME", "apply=@GROUP": for others the list says nothing. */
static PstTri
applies(const PstPamSubject *subject, const char *apply, const char *item)
{
    if (apply == NULL || g_str_equal(item, "user") || g_str_equal(item, "group"))
        return PST_TRI_YES;
    if (apply[0] == '@')
        return pst_pam_subject_is_in(subject, apply + 1);
    return PST_TRI(g_str_equal(apply, subject->user->name));
}

/* What pam_listfile does with a list that it can't or won't read; -1 where it reads it. */
static int
refuses_list(const PstPamSubject *subject, const char *path, gboolean onerr_succeeds,
             PstPamRuling *ruling)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    if (!pst_sysroot_lstat(subject->sysroot, path, &st, &cause)) {
        if (cause->code != PST_ERROR_ABSENT)
            return ruling->answer = PST_PAM_ANY;
        return pst_pam_ruling_set(ruling, onerr_succeeds ? PST_PAM_SUCCESS : SERVICE_ERR, path, 0,
                                  NULL,
                                  g_strdup_printf("pam_listfile's list %s is not there", path));
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) == 0)
        return -1;
    return pst_pam_ruling_set(ruling, PST_PAM_AUTH_ERR, path, 0, NULL,
                              g_strdup_printf("pam_listfile's list %s is no regular file or "
                                              "writable by everybody",
                                              path));
}

static int
look_up(const PstPamSubject *subject, const char *path, const char *item, gboolean denies,
        PstPamRuling *ruling)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(subject->sysroot, path, MAX_LIST, NULL, &cause);
    const char *name = subject->user->name;
    guint number = 0;

    if (text == NULL)
        return pst_pam_ruling_set_unlooked(ruling, path, cause);
    PstTri found =
        g_str_equal(item, "group")
            ? find_entry(subject, text, "", same_group, &number)
            : find_entry(subject, text, g_str_equal(item, "shell") ? shell_of(subject) : name, same,
                         &number);
    if (found == PST_TRI_UNKNOWN)
        return ruling->answer = PST_PAM_ANY;
    if (denies != (found == PST_TRI_YES))
        return ruling->answer = PST_PAM_SUCCESS;
    return pst_pam_ruling_set(ruling, PST_PAM_AUTH_ERR, path, number, NULL,
                              g_strdup_printf("pam_listfile refuses %s, whose %s is %s in %s", name,
                                              item, denies ? "listed" : "not listed", path));
}

int
pst_pam_list_file(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    static const char *const items[] = {"user", "group", "shell", NULL};
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *item = pst_pam_line_value(words, "item");
    const char *sense = pst_pam_line_value(words, "sense");
    const char *path = pst_pam_line_value(words, "file");
    const char *onerr = pst_pam_line_value(words, "onerr");

    if (item == NULL || sense == NULL || path == NULL || path[0] != '/' ||
        !g_strv_contains(items, item))
        return ruling->answer = PST_PAM_ANY;
    PstTri concerned = applies(subject, pst_pam_line_value(words, "apply"), item);
    if (concerned != PST_TRI_YES)
        return ruling->answer = concerned == PST_TRI_NO ? PST_PAM_IGNORE : PST_PAM_ANY;
    int refused = refuses_list(subject, path, g_strcmp0(onerr, "succeed") == 0, ruling);
    if (refused != -1)
        return refused;
    return look_up(subject, path, item, g_str_equal(sense, "deny"), ruling);
}

/* ---- pam_shells, pam_securetty, pam_wheel ---- */

/* A list that is not there, or that everybody could write to, has nobody's shell. */
static gboolean
refuses_shells(const PstPamSubject *subject, const char *path, PstPamRuling *ruling)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;
    gboolean there = pst_sysroot_stat(subject->sysroot, path, &st, &cause);

    if (there ? S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) == 0
              : cause->code != PST_ERROR_ABSENT)
        return FALSE;
    pst_pam_ruling_set(
        ruling, PST_PAM_AUTH_ERR, path, 0, NULL,
        g_strdup_printf("pam_shells refuses everybody, because %s %s", path,
                        there ? "is no regular file or writable by everybody" : "is not there"));
    ruling->remedy = there ? g_strdup_printf("chmod 0644 %s", path)
                           : g_strdup_printf("put %s back, with %s in it", path, shell_of(subject));
    return TRUE;
}

int
pst_pam_list_shells(const PstPamLine *line G_GNUC_UNUSED, const PstPamSubject *subject,
                    PstPamRuling *ruling)
{
    static const char path[] = "/etc/shells";
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(subject->sysroot, path, MAX_LIST, NULL, &cause);
    guint number = 0;

    if (refuses_shells(subject, path, ruling))
        return ruling->answer;
    if (text == NULL)
        return pst_pam_ruling_set_unlooked(ruling, path, cause);
    if (find_entry(subject, text, shell_of(subject), same, &number) == PST_TRI_YES)
        return ruling->answer = PST_PAM_SUCCESS;
    return pst_pam_ruling_set(ruling, PST_PAM_AUTH_ERR, path, 0, NULL,
                              g_strdup_printf("pam_shells refuses %s, whose shell %s is not in %s",
                                              subject->user->name, shell_of(subject), path));
}

/* Only root is kept to the terminals of the list. */
int
pst_pam_list_securetty(const PstPamLine *line G_GNUC_UNUSED, const PstPamSubject *subject,
                       PstPamRuling *ruling)
{
    static const char path[] = "/etc/securetty";
    const char *tty = subject->origin.tty;
    g_autofree char *text = NULL;
    guint number = 0;

    if (subject->user->uid != 0)
        return ruling->answer = PST_PAM_SUCCESS;
    text = pst_sysroot_read(subject->sysroot, path, MAX_LIST, NULL, NULL);
    if (text == NULL || tty == NULL)
        return ruling->answer = PST_PAM_ANY;
    if (find_entry(subject, text, tty, same, &number) == PST_TRI_YES)
        return ruling->answer = PST_PAM_SUCCESS;
    return ruling->answer = PST_PAM_ANY; /* the kernel's consoles are let in too */
}

/* `root_only` and `trust` change nothing of who is refused root. */
int
pst_pam_list_wheel(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *const *all = (const char *const *)words;
    const char *group = pst_pam_line_value(words, "group");
    gboolean denies = g_strv_contains(all, "deny");

    if (g_strv_contains(all, "root_only") && subject->user->uid != 0)
        return ruling->answer = PST_PAM_IGNORE;
    if (group == NULL)
        group = pst_accounts_gid(subject->accounts, "wheel") >= 0
                    ? "wheel"
                    : pst_accounts_group_name(subject->accounts, 0);
    if (group == NULL || subject->asking == NULL)
        return ruling->answer = PST_PAM_ANY;
    PstTri member = pst_pam_subject_in_group(subject, subject->asking_groups, group);
    if (member == PST_TRI_UNKNOWN)
        return ruling->answer = PST_PAM_ANY;
    if ((member == PST_TRI_YES) != denies)
        return ruling->answer =
                   denies || !g_strv_contains(all, "trust") ? PST_PAM_IGNORE : PST_PAM_SUCCESS;
    return pst_pam_ruling_set(ruling, PST_PAM_PERM_DENIED, line->file, line->line, line->text,
                              g_strdup_printf("pam_wheel refuses %s, who is %s the group %s",
                                              subject->asking->name, denies ? "in" : "not in",
                                              group));
}
