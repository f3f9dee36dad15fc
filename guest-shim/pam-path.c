// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-path.h"

#include <string.h>

#define MAX_FILE (256 * 1024)
#define BLANKS " \t"

/* `export` before a name is passed over, and quotation marks around a value are taken off
 * (Linux-PAM's pam_env.c, _parse_env_file()). Works in LINE. */
static const char *
value_of_path(char *line)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, BLANKS);
    if (g_str_has_prefix(line, "export "))
        line += strlen("export ");
    line += strspn(line, BLANKS);
    if (!g_str_has_prefix(line, "PATH="))
        return NULL;
    line = g_strchomp(line + strlen("PATH="));
    if (line[0] == '"' || line[0] == '\'') {
        gsize len = strlen(++line);

        if (len > 0 && (line[len - 1] == '"' || line[len - 1] == '\''))
            line[len - 1] = '\0';
    }
    return line;
}

char *
pst_pam_path_read(const char *text, guint *line)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *found = NULL;

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *value = value_of_path(lines[i]);

        if (value == NULL)
            continue;
        found = value;
        *line = i + 1;
    }
    return g_strdup(found);
}

static gboolean
has_sudo(const PstSysroot *sysroot, const char *folders)
{
    g_auto(GStrv) each = g_strsplit(folders, ":", -1);

    for (guint i = 0; each[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(each[i], "sudo", NULL);

        if (each[i][0] == '/' && pst_sysroot_exists(sysroot, path))
            return TRUE;
    }
    return FALSE;
}

static gboolean
sets_path(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, NULL);

    return text != NULL && strstr(text, "PATH=") != NULL;
}

static gboolean
shell_sets_path(const PstPamSubject *subject)
{
    static const char *const own[] = {".bashrc", ".zshenv", ".config/fish/config.fish"};
    static const char *const of_all[] = {"/etc/bash.bashrc", "/etc/zsh/zshenv"};

    for (guint i = 0; i < G_N_ELEMENTS(own); i++) {
        g_autofree char *path = g_build_filename(subject->user->home, own[i], NULL);
        if (sets_path(subject->sysroot, path))
            return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(of_all); i++)
        if (sets_path(subject->sysroot, of_all[i]))
            return TRUE;
    return FALSE;
}

void
pst_pam_path_judge(const PstPamSubject *subject, const char *file, PstPamRuling *ruling)
{
    static const char usual[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
    g_autofree char *text = pst_sysroot_read(subject->sysroot, file, MAX_FILE, NULL, NULL);
    guint line = 0;
    g_autofree char *path = text != NULL ? pst_pam_path_read(text, &line) : NULL;

    if (path == NULL || has_sudo(subject->sysroot, path) || !has_sudo(subject->sysroot, usual))
        return;
    gboolean unsure = shell_sets_path(subject);
    g_autofree char *assignment = g_strdup_printf("PATH=%.200s", path);
    pst_pam_ruling_set(
        ruling, PST_PAM_ANY, file, line, assignment,
        g_strdup_printf("the PATH that pam_env gives sessions has no sudo in it: "
                        "sudo is %s there",
                        unsure ? "not found, unless the shell sets another," : "not found"));
    ruling->holds = !unsure;
    ruling->lack = unsure;
    ruling->id = "pam.path-without-sudo";
    ruling->remedy = g_strdup_printf("put whole folders, as /usr/bin, into PATH at %s:%u; until "
                                     "then call /usr/bin/sudo",
                                     file, line);
}
