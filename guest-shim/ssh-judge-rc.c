// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-rc.h"

#include <string.h>

#include "guest-shim/path-access.h"
#include "guest-shim/shell-start.h"

#define SYSTEM_RC "/etc/ssh/sshrc"
#define MAX_KEYS (256 * 1024)

static gboolean
is_set(const PstSshSubject *subject, const char *keyword)
{
    const char *value = pst_sshd_effective_get(subject->effective, keyword);

    return value != NULL && *value != '\0' && g_ascii_strcasecmp(value, "none") != 0;
}

/* The file that sshd runs; one of the user's own, be it empty, takes the place of the system's.
 * NULL where there is none. Free with g_free(). */
static char *
find_rc(const PstSshSubject *subject, gboolean *own)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    const char *permitted = pst_sshd_effective_get(subject->effective, "permituserrc");
    g_autofree char *of_user = g_build_filename(subject->account->home, ".ssh/rc", NULL);

    *own = !is_set(subject, "forcecommand") &&
           (permitted == NULL || g_ascii_strcasecmp(permitted, "no") != 0) &&
           pst_sysroot_exists(sysroot, of_user);
    if (*own)
        return g_steal_pointer(&of_user);
    return pst_sysroot_exists(sysroot, SYSTEM_RC) ? g_strdup(SYSTEM_RC) : NULL;
}

/* Some key of the user's keeps sshd from running the user's own. */
static gboolean
keys_may_skip(const PstSshSubject *subject)
{
    g_autofree char *path = g_build_filename(subject->account->home, ".ssh/authorized_keys", NULL);
    g_autofree char *keys = pst_sysroot_read(subject->context->sysroot, path, MAX_KEYS, NULL, NULL);

    return keys != NULL && (strstr(keys, "no-user-rc") != NULL || strstr(keys, "restrict") != NULL);
}

void
pst_ssh_judge_rc(const PstSshSubject *subject)
{
    const PstAccount *account = subject->account;
    g_autoptr(GArray) groups = pst_accounts_groups(subject->accounts, account);
    const PstShellUser user = {account->name, account->home, account->uid, groups};
    g_auto(PstShellStart) start = {0};
    gboolean own;
    struct stat st, at;

    /* In another root there are other files. */
    if (is_set(subject, "chrootdirectory"))
        return;
    g_autofree char *path = find_rc(subject, &own);
    if (path == NULL || !pst_sysroot_stat(subject->context->sysroot, path, &st, NULL))
        return;
    gboolean fifo = S_ISFIFO(st.st_mode);
    g_autofree char *bar =
        pst_path_access_unreadable(subject->context->sysroot, path, account->uid, groups, &at);
    if (bar != NULL)
        return;
    if (!fifo)
        pst_shell_start_judge(subject->context->sysroot, PST_SHELL_START_SSHRC, path, &user,
                              &start);
    if (!fifo && start.verdict == PST_SHELL_START_GOES_ON)
        return;
    gboolean sure =
        (fifo || start.verdict == PST_SHELL_START_ENDS) && !(own && keys_may_skip(subject));
    gboolean waits = fifo || start.waits;
    g_autofree char *where =
        fifo ? g_strdup(path) : g_strdup_printf("%s:%u", start.path, start.line);
    PstFinding *finding = pst_report_add(subject->report, "ssh.rc-waits",
                                         sure ? PST_SEVERITY_CRITICAL : PST_SEVERITY_INFORMATION,
                                         "sshd runs %s before what %s asks for, and it %s%s: %s",
                                         path, subject->asked->user, sure ? "" : "may ",
                                         waits ? (sure ? "waits without end" : "wait for long")
                                               : (sure ? "ends the session" : "end the session"),
                                         where);
    finding->evidence->user = g_strdup(subject->asked->user);
    finding->evidence->path = g_strdup(fifo ? path : start.path);
    if (!fifo)
        finding->evidence->line = start.line;
    finding->remedy = fifo ? g_strdup_printf("rm %s, which is a pipe", path)
                           : g_strdup_printf("take line %u out of %s, or put an & behind it",
                                             start.line, start.path);
}
