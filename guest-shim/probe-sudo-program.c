// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/mount-table.h"
#include "guest-shim/path-access.h"
#include "guest-shim/probe-sudo-parts.h"
#include "guest-shim/program-loader.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

#define MAX_PROGRAM (8 * 1024 * 1024)
#define MAX_CONF (64 * 1024)
#define MAX_LINKS 8

/* NixOS keeps its setuid programs in a folder of wrappers. */
const char *const pst_probe_sudo_program_candidates[] = {"/run/wrappers/bin/sudo", "/usr/bin/sudo",
                                                         "/bin/sudo", "/usr/local/bin/sudo", NULL};
static const char *const doas_candidates[] = {"/run/wrappers/bin/doas", "/usr/bin/doas",
                                              "/bin/doas", "/usr/local/bin/doas", NULL};

static const char *
first_there(const PstSysroot *sysroot, const char *const *candidates)
{
    for (guint i = 0; candidates[i] != NULL; i++)
        if (pst_sysroot_exists(sysroot, candidates[i]))
            return candidates[i];
    return NULL;
}

/* Follows the last part of PATH, as alternatives(1) and /bin make it a link. */
static char *
follow(const PstSysroot *sysroot, const char *path)
{
    char *at = g_strdup(path);

    for (guint i = 0; i < MAX_LINKS; i++) {
        g_autofree char *target = pst_sysroot_read_link(sysroot, at, NULL);
        if (target == NULL || target[0] == '\0')
            break;
        g_autofree char *folder = g_path_get_dirname(at);
        g_free(at);
        at = g_canonicalize_filename(target, folder);
    }
    return at;
}

/* sudo-rs names itself in its help text; the path alone does not tell, since either can be
 * /usr/bin/sudo. */
static const char *
implementation_of(const PstSysroot *sysroot, const char *path)
{
    gsize len;
    g_autofree char *program = pst_sysroot_read(sysroot, path, MAX_PROGRAM, &len, NULL);

    if (program == NULL)
        return NULL;
    return memmem(program, len, "sudo-rs", strlen("sudo-rs")) != NULL ? "sudo-rs" : "sudo";
}

static gboolean
is_below(const char *path, const char *folder)
{
    gsize len = strlen(folder);

    return g_str_equal(folder, "/") ||
           (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* The options of the mount that PATH is on: of the longest mount point above it, and among equals
 * of the last, which covers the others. */
static char *
mount_options(const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GPtrArray) mounts = pst_mount_table_read(sysroot, NULL);
    const char *options = NULL;
    gsize best = 0;

    for (guint i = 0; mounts != NULL && i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];
        gsize len = strlen(mount->folder);

        if (!is_below(path, mount->folder) || len < best)
            continue;
        best = len;
        options = mount->options;
    }
    return g_strdup(options);
}

static PstTri
on_nosuid_mount(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *options = mount_options(sysroot, path);

    return options != NULL ? PST_TRI(pst_mount_table_has_option(options, "nosuid"))
                           : PST_TRI_UNKNOWN;
}

static void
judge_owner_and_mode(PstProbeSudo *sudo, const struct stat *st)
{
    const char *path = sudo->data->program->path;
    PstFinding *finding = NULL;

    if (st->st_uid != 0) {
        finding = pst_probe_sudo_refuse(sudo, "sudo.wrong-owner",
                                        "%s belongs to uid %u and not to root", path, st->st_uid);
        finding->evidence->expected = g_strdup("owner 0");
        /* chown clears the setuid bit: both have to be set again. */
        g_autofree char *word = pst_shell_word(path);
        finding->remedy = g_strdup_printf("chown root:root %s && chmod 4755 %s", word, word);
    } else if ((st->st_mode & S_ISUID) == 0) {
        finding = pst_probe_sudo_refuse(sudo, "sudo.setuid-missing", "%s has no setuid bit", path);
        finding->evidence->expected = g_strdup("4755");
        g_autofree char *word = pst_shell_word(path);
        finding->remedy = g_strdup_printf("chmod u+s %s", word);
        PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);
        undo->path = g_strdup(
            sudo->data->program->real_path != NULL ? sudo->data->program->real_path : path);
        undo->mode = pst_probe_sudo_mode((st->st_mode & 07777) | S_ISUID);
    }
    if (finding == NULL)
        return;
    sudo->program_broken = TRUE;
    finding->evidence->mode = g_strdup(sudo->data->program->mode);
    finding->evidence->owner = g_strdup(sudo->data->program->owner);
    pst_probe_sudo_at(finding, path, 0, NULL);
}

/* Whether the user may execute it at all, and may get to it. */
static void
judge_executable(PstProbeSudo *sudo)
{
    const char *path = sudo->data->program->path;
    struct stat st;

    if (sudo->user == NULL)
        return;
    g_autofree char *shut =
        pst_path_access_shut(sudo->context->sysroot, path, sudo->user->uid, sudo->groups, &st);
    if (shut == NULL)
        return;
    g_autofree char *mode = pst_probe_sudo_mode(st.st_mode & 07777);
    gboolean folder = S_ISDIR(st.st_mode);
    PstFinding *finding =
        folder
            ? pst_probe_sudo_refuse(sudo, "sudo.not-executable",
                                    "%s may not enter %s (mode %s), and so not execute %s",
                                    sudo->user->name, shut, mode, path)
            : pst_probe_sudo_refuse(sudo, "sudo.not-executable", "%s may not execute %s (mode %s)",
                                    sudo->user->name, path, mode);
    finding->evidence->mode = g_strdup(mode);
    finding->evidence->owner = pst_probe_sudo_owner(st.st_uid, st.st_gid);
    finding->evidence->user = g_strdup(sudo->user->name);
    finding->remedy =
        g_strdup_printf("chmod %s %s", folder ? "0755" : "4755", folder ? shut : path);
    pst_probe_sudo_at(finding, folder ? shut : path, 0, NULL);
    sudo->program_broken = TRUE;
}

static void
judge_mount(PstProbeSudo *sudo)
{
    const char *path = sudo->data->program->path;

    if (sudo->data->program->nosuid_mount != PST_TRI_YES)
        return;
    PstFinding *finding = pst_probe_sudo_refuse(
        sudo, "sudo.nosuid-mount", "%s is on a file system that is mounted nosuid", path);
    g_autofree char *options = mount_options(sudo->context->sysroot, path);
    finding->evidence->text = g_steal_pointer(&options);
    finding->evidence->path = g_strdup(path);
    finding->remedy = g_strdup("remount that file system with suid (mount -o remount,suid …) and "
                               "take nosuid out of /etc/fstab");
    sudo->program_broken = TRUE;
}

static void
judge_loader(PstProbeSudo *sudo)
{
    const char *path = sudo->data->program->path;
    g_autofree char *loader = pst_program_loader_missing(sudo->context->sysroot, path);
    PstFinding *finding;

    if (loader == NULL)
        return;
    finding = pst_probe_sudo_refuse(sudo, "sudo.loader-missing",
                                    "%s can't be started: its loader %s is not there or can't be "
                                    "executed",
                                    path, loader);
    finding->evidence->path = g_strdup(loader);
    finding->remedy = pst_program_loader_remedy(loader);
    sudo->program_broken = sudo->unstartable = TRUE;
}

void
pst_probe_sudo_program(PstProbeSudo *sudo)
{
    const PstSysroot *sysroot = sudo->context->sysroot;
    const char *path = first_there(sysroot, pst_probe_sudo_program_candidates);
    PstSudoProgram *program = sudo->data->program = pst_fields_new(&pst_report_sudo_program_fields);
    g_autoptr(GError) cause = NULL;
    struct stat st;

    sudo->data->doas = g_strdup(first_there(sysroot, doas_candidates));
    gboolean by_doas = pst_probe_sudo_doas(sudo, path == NULL);
    if (path == NULL) {
        PstFinding *finding = pst_report_add(
            sudo->report, "sudo.not-installed",
            by_doas ? PST_SEVERITY_INFORMATION
                    : pst_probe_sudo_if_named(sudo, PST_SEVERITY_CRITICAL),
            "there is no sudo in this guest%s", by_doas ? "; doas stands in for it" : "");
        finding->evidence->path = g_strdup(pst_probe_sudo_program_candidates[1]);
        finding->remedy = g_strdup("install the package sudo");
        sudo->refused = !by_doas;
        sudo->program_broken = TRUE;
        return;
    }
    program->path = g_strdup(path);
    if (!pst_sysroot_stat(sysroot, path, &st, &cause)) {
        pst_probe_add_unlooked(sudo->report, "sudo.could-not-look", path, cause);
        return;
    }
    g_autofree char *real = follow(sysroot, path);
    program->mode = pst_probe_sudo_mode(st.st_mode & 07777);
    program->owner = pst_probe_sudo_owner(st.st_uid, st.st_gid);
    program->setuid = PST_TRI(st.st_mode & S_ISUID);
    program->implementation = g_strdup(implementation_of(sysroot, real));
    program->nosuid_mount = on_nosuid_mount(sysroot, real);
    if (!g_str_equal(real, path))
        program->real_path = g_steal_pointer(&real);
    judge_owner_and_mode(sudo, &st);
    judge_executable(sudo);
    judge_mount(sudo);
    judge_loader(sudo);
}

/* `Plugin sudoers_policy sudoers.so sudoers_file=PATH` (sudo.conf(5)). */
static char *
path_from_conf(PstProbeSudo *sudo)
{
    g_autofree char *text =
        pst_sysroot_read(sudo->context->sysroot, "/etc/sudo.conf", MAX_CONF, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(lines[i]), " \t", -1);
        if (g_strv_length(words) < 3 || !g_str_equal(words[0], "Plugin") ||
            !g_str_equal(words[1], "sudoers_policy"))
            continue;
        if (!g_str_has_suffix(words[2], "sudoers.so"))
            pst_probe_sudo_doubt(sudo, "sudo.rules-elsewhere",
                                 "/etc/sudo.conf gives the policy to the plugin %s", words[2]);
        for (guint j = 3; words[j] != NULL; j++)
            if (g_str_has_prefix(words[j], "sudoers_file="))
                return g_strdup(words[j] + strlen("sudoers_file="));
    }
    return NULL;
}

const char *
pst_probe_sudo_program_policy(PstProbeSudo *sudo)
{
    const PstSysroot *sysroot = sudo->context->sysroot;
    const char *implementation = sudo->data->program->implementation;

    if (implementation != NULL && g_str_equal(implementation, "sudo-rs") &&
        pst_sysroot_exists(sysroot, "/etc/sudoers-rs"))
        return g_intern_static_string("/etc/sudoers-rs");

    g_autofree char *named = path_from_conf(sudo);
    if (named != NULL)
        return g_intern_string(named);
    /* A vendor's policy stands in where the administrator has none. */
    if (!pst_sysroot_exists(sysroot, "/etc/sudoers") &&
        pst_sysroot_exists(sysroot, "/usr/etc/sudoers"))
        return g_intern_static_string("/usr/etc/sudoers");
    return g_intern_static_string("/etc/sudoers");
}
