// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/account-shell.h"

#include <string.h>

#define MAX_STARTUP (256 * 1024)

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

/* ---- what bash reads ---- */

static gboolean
is_word(const char *line, const char *word)
{
    gsize len = strlen(word);

    /* the end of the line is one of them */
    return strncmp(line, word, len) == 0 && strchr(" \t;", line[len]) != NULL;
}

/* `exec` with nothing but redirections goes on. */
static gboolean
ends(const char *line)
{
    if (is_word(line, "exit") || is_word(line, "logout"))
        return TRUE;
    if (!is_word(line, "exec"))
        return FALSE;
    line += strlen("exec");
    line += strspn(line, " \t");
    return g_ascii_isalpha(line[0]) || line[0] == '/';
}

/* A whole statement on one line that decides nothing: behind it the shell goes on with the next. */
static gboolean
goes_on(const char *line)
{
    static const char *const words[] = {"export", "alias",   "umask", "shopt", "ulimit",
                                        "unset",  "unalias", "set",   "echo",  NULL};
    gsize name = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    guint quotes = 0;

    for (const char *p = line; *p != '\0'; p++)
        quotes += *p == '"' || *p == '\'';
    if (quotes % 2 != 0 || line[strlen(line) - 1] == '\\' || strpbrk(line, "`(){}&|<") != NULL)
        return FALSE;
    if (name > 0 && line[name] == '=')
        return TRUE;
    for (guint i = 0; words[i] != NULL; i++)
        if (is_word(line, words[i]))
            return TRUE;
    return FALSE;
}

guint
pst_account_shell_ends(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);

        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (ends(line))
            return i + 1;
        if (!goes_on(line))
            return 0;
    }
    return 0;
}

char *
pst_account_shell_find_end(const PstSysroot *sysroot, const char *shell, const char *home,
                           guint *line)
{
    g_autofree char *name = g_path_get_basename(shell);
    g_autofree char *own = g_build_filename(home, ".bashrc", NULL);
    const char *const paths[] = {"/etc/bash.bashrc", own};

    if (!g_str_equal(name, "bash") && !g_str_equal(name, "rbash"))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *text = pst_sysroot_read(sysroot, paths[i], MAX_STARTUP, NULL, NULL);

        *line = text != NULL ? pst_account_shell_ends(text) : 0;
        if (*line > 0)
            return g_strdup(paths[i]);
    }
    return NULL;
}
