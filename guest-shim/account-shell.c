// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/account-shell.h"

PstTri
pst_account_shell_runs(const char *shell)
{
    static const char *const refusing[] = {"nologin", "false",    "true",   "sync", "git-shell",
                                           "halt",    "shutdown", "reboot", NULL};
    static const char *const known[] = {"sh",   "bash", "dash",  "rbash", "ash",   "busybox",
                                        "ksh",  "mksh", "lksh",  "ksh93", "zsh",   "csh",
                                        "tcsh", "fish", "yash",  "pwsh",  "xonsh", "elvish",
                                        "nu",   "oksh", "loksh", "posh",  "bash5", NULL};
    g_autofree char *name = g_path_get_basename(shell);

    if (g_strv_contains(refusing, name))
        return PST_TRI_NO;
    return g_strv_contains(known, name) ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

void
pst_account_shell_judge_start(const PstSysroot *sysroot, const char *shell,
                              const PstShellUser *user, PstShellStart *start)
{
    g_autofree char *name = g_path_get_basename(shell);
    g_autofree char *own = g_build_filename(user->home, ".bashrc", NULL);
    const char *const paths[] = {"/etc/bash.bashrc", "/etc/bash/bashrc", own};

    *start = (PstShellStart){PST_SHELL_START_GOES_ON, FALSE, NULL, 0};
    if (!g_str_equal(name, "bash") && !g_str_equal(name, "rbash"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_auto(PstShellStart) one = {0};

        pst_shell_start_judge(sysroot, PST_SHELL_START_BASHRC, paths[i], user, &one);
        if (one.verdict <= start->verdict)
            continue;
        pst_shell_start_clear(start);
        *start = one;
        one.path = NULL;
    }
}
