// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-session.h"

#include <string.h>
#include <sys/stat.h>

#include "protocol/error.h"

/* The value of a keyword that a session is changed by; NULL where it is not. */
static const char *
value_of(const PstSshSubject *subject, const char *keyword)
{
    const char *value = pst_sshd_effective_get(subject->effective, keyword);

    return value == NULL || *value == '\0' || g_ascii_strcasecmp(value, "none") == 0 ? NULL : value;
}

/* ---- the command ---- */

/* What runs nothing that is asked for, by its arguments or without any. */
static gboolean
runs_nothing(const char *command)
{
    static const char *const names[] = {"false", "true", "nologin", NULL};
    g_autofree char *program = g_strndup(command, strcspn(command, " \t"));
    g_autofree char *name = g_path_get_basename(program);

    return g_strv_contains(names, name);
}

static gboolean
moves_files(const char *command)
{
    g_autofree char *program = g_strndup(command, strcspn(command, " \t"));
    g_autofree char *name = g_path_get_basename(program);

    return g_str_equal(name, "internal-sftp") || g_str_equal(name, "sftp-server");
}

static void
judge_command(const PstSshSubject *subject)
{
    const char *command = value_of(subject, "forcecommand");

    if (command == NULL)
        return;
    gboolean files_only = moves_files(command);
    gboolean shuts = files_only || runs_nothing(command);
    g_autofree char *place = pst_ssh_subject_place(subject, "forcecommand", NULL);
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.forced-command", shuts ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        "forcecommand", NULL,
        files_only ? g_strdup_printf("sshd lets %s transfer files and run nothing: ForceCommand at "
                                     "%s",
                                     subject->asked->user, place)
                   : g_strdup_printf("whatever %s asks for, sshd runs %.128s: ForceCommand at %s",
                                     subject->asked->user, command, place));
    finding->remedy = g_strdup_printf(
        "leave %s out of the line at %s, by a Match block, then systemctl reload %s",
        subject->asked->user, place, subject->unit);
}

/* ---- the folder ---- */

/* PATH as sshd makes it for the user (sshd_config(5), TOKENS). */
static char *
expand(const PstSshSubject *subject, const char *path)
{
    GString *out = g_string_new(NULL);

    for (const char *at = path; *at != '\0'; at++) {
        if (*at != '%') {
            g_string_append_c(out, *at);
            continue;
        }
        at++;
        if (*at == 'h')
            g_string_append(out, subject->account->home != NULL ? subject->account->home : "");
        else if (*at == 'u')
            g_string_append(out, subject->account->name);
        else if (*at == 'U')
            g_string_append_printf(out, "%u", (guint)subject->account->uid);
        else
            g_string_append_c(out, '%');
        if (*at == '\0')
            break;
    }
    return g_string_free(out, FALSE);
}

typedef struct {
    char *path;
    const char *why;
    struct stat st;
} Fault;

/* FALSE where it can't be looked at. */
static gboolean
find_part_fault(const PstSysroot *sysroot, const char *part, Fault *fault, GError **error)
{
    if (!pst_sysroot_stat(sysroot, part, &fault->st, error))
        return FALSE;
    if (!S_ISDIR(fault->st.st_mode))
        fault->why = "is no folder";
    else if (fault->st.st_uid != 0)
        fault->why = "is not root's";
    else if ((fault->st.st_mode & 022) != 0)
        fault->why = "can be written to by others than root";
    if (fault->why != NULL)
        fault->path = g_strdup(part);
    return TRUE;
}

/* Each folder on the way, from / on, has to be root's, and nobody else may write to it (OpenSSH's
 * session.c, safely_chroot()). FALSE where one can't be looked at. */
static gboolean
find_fault(const PstSysroot *sysroot, const char *path, Fault *fault, GError **error)
{
    if (!find_part_fault(sysroot, "/", fault, error))
        return FALSE;
    for (const char *at = path; fault->path == NULL && at != NULL; at = strchr(at + 1, '/')) {
        const char *end = strchr(at + 1, '/');
        g_autofree char *part = end != NULL ? g_strndup(path, (gsize)(end - path)) : g_strdup(path);

        if (!find_part_fault(sysroot, part, fault, error))
            return FALSE;
    }
    return TRUE;
}

static void
blame_folder(const PstSshSubject *subject, const char *path, const Fault *fault,
             const GError *cause)
{
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.chroot-refused", PST_SEVERITY_CRITICAL, "chrootdirectory", NULL,
        fault->path != NULL ? g_strdup_printf("sshd ends the session of %s: ChrootDirectory is %s, "
                                              "and %s %s",
                                              subject->asked->user, path, fault->path, fault->why)
                            : g_strdup_printf("sshd ends the session of %s: ChrootDirectory is not "
                                              "there: %s",
                                              subject->asked->user, cause->message));

    finding->remedy =
        fault->path != NULL
            ? g_strdup_printf("chown root:root %s; chmod go-w %s", fault->path, fault->path)
            : g_strdup_printf("make %s, of root and with mode 0755; or take "
                              "ChrootDirectory away, then systemctl reload %s",
                              path, subject->unit);
}

static void
judge_folder(const PstSshSubject *subject)
{
    const char *value = value_of(subject, "chrootdirectory");
    g_autofree char *path = value != NULL ? expand(subject, value) : NULL;
    g_autoptr(GError) cause = NULL;
    Fault fault = {NULL};

    if (path == NULL)
        return;
    gboolean looked = path[0] == '/' && find_fault(subject->context->sysroot, path, &fault, &cause);
    g_autofree char *owned = fault.path;
    if (path[0] != '/') {
        fault.path = owned = g_strdup(path);
        fault.why = "is no whole path";
        looked = TRUE;
    }
    if (!looked && cause->code != PST_ERROR_ABSENT) {
        pst_probe_add_unlooked(subject->report, "ssh.could-not-look", "ChrootDirectory", cause);
        return;
    }
    if (!looked || fault.path != NULL) {
        blame_folder(subject, path, &fault, cause);
        return;
    }
    /* Nothing is outside of it. */
    if (g_str_equal(path, "/"))
        return;
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.chroot", PST_SEVERITY_WARNING, "chrootdirectory", NULL,
        g_strdup_printf("sshd shuts %s into %s: nothing outside of it can be run or mended from "
                        "there",
                        subject->asked->user, path));
    finding->remedy = g_strdup_printf("leave %s out of ChrootDirectory, by a Match block, then "
                                      "systemctl reload %s",
                                      subject->asked->user, subject->unit);
}

void
pst_ssh_judge_session(const PstSshSubject *subject)
{
    judge_command(subject);
    judge_folder(subject);
}
