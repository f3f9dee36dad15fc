// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-confined.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "guest-shim/unit-file.h"

#define MAX_STATUS (64 * 1024)

/* Of a process of root's alone: anybody can give theirs sshd's name. Free with g_free(). */
static char *
process_path(const PstSshSubject *subject, const char *name)
{
    const PstSshData *data = subject->data;
    g_autofree char *folder = g_strdup_printf("/proc/%" G_GINT64_FORMAT, data->pid);
    struct stat st;

    if (data->running != PST_TRI_YES ||
        !pst_sysroot_stat(subject->context->sysroot, folder, &st, NULL) || st.st_uid != 0)
        return NULL;
    return g_strconcat(folder, name, NULL);
}

/* The last line of the unit's that sets one of KEYS, as evidence. */
static void
add_place(const PstSshSubject *subject, const char *const *keys, PstFinding *finding)
{
    g_autoptr(PstUnitFile) file =
        pst_unit_file_load(subject->context->sysroot, subject->unit, NULL);

    finding->evidence->unit = g_strdup(subject->unit);
    for (guint i = 0; file != NULL && keys[i] != NULL; i++) {
        g_autoptr(GPtrArray) values = pst_unit_file_values(file, keys[i]);
        const PstUnitFileValue *last = values->len > 0 ? values->pdata[values->len - 1] : NULL;

        if (last == NULL || finding->evidence->text != NULL)
            continue;
        finding->evidence->path = g_strdup(last->path);
        finding->evidence->line = last->line;
        finding->evidence->text = g_strdup_printf("%s=%.200s", keys[i], last->value);
    }
    finding->remedy = g_strdup_printf(
        "take %s out of the unit, then systemctl daemon-reload and systemctl "
        "restart %s",
        finding->evidence->text != NULL ? finding->evidence->text : "what does it", subject->unit);
}

void
pst_ssh_judge_confined(const PstSshSubject *subject)
{
    static const char *const keys[] = {"NoNewPrivileges", NULL};
    g_autofree char *path = process_path(subject, "/status");
    g_autofree char *text =
        path != NULL ? pst_sysroot_read(subject->context->sysroot, path, MAX_STATUS, NULL, NULL)
                     : NULL;

    if (text == NULL || strstr(text, "\nNoNewPrivs:\t1\n") == NULL)
        return;
    PstFinding *finding = pst_report_add(
        subject->report, "ssh.no-new-privileges", PST_SEVERITY_CRITICAL,
        "the sshd that runs may gain no privileges, and nor may its sessions: sudo is refused in "
        "each of them");
    add_place(subject, keys, finding);
}

/* Whether the sshd that runs has mounts of its own; unknown where the kernel does not let us look.
 */
static PstTri
has_own_mounts(const PstSshSubject *subject)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    g_autofree char *path = process_path(subject, "/ns/mnt");

    if (path == NULL) /* none runs */
        return PST_TRI_NO;
    g_autofree char *theirs = pst_sysroot_read_link(sysroot, path, NULL);
    g_autofree char *ours = pst_sysroot_read_link(sysroot, "/proc/1/ns/mnt", NULL);
    if (theirs == NULL || ours == NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(!g_str_equal(theirs, ours));
}

/* The link that leads to another process' root is one that no other way of opening follows. */
static gboolean
is_same(const char *theirs, const char *path)
{
    struct stat here, there;

    if (stat(path, &here) != 0)
        return TRUE;
    /* To be kept from looking is not to have seen that it is gone. */
    if (stat(theirs, &there) != 0)
        return errno != ENOENT && errno != ENOTDIR;
    return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* Whether the sshd that runs is known to see another file at PATH, or none. */
static gboolean
sees_another(const PstSshSubject *subject, const char *path)
{
    g_autofree char *inside = g_strconcat("/root", path, NULL);
    g_autofree char *theirs = process_path(subject, inside);

    return theirs != NULL && !is_same(theirs, path);
}

static void
add_mounts(const PstSshSubject *subject, const char *path, PstFinding *finding)
{
    static const char *const keys[] = {
        "ProtectHome", "TemporaryFileSystem", "InaccessiblePaths", "RootDirectory",
        "RootImage",   "BindReadOnlyPaths",   "BindPaths",         NULL};

    finding->evidence->expected = g_strdup(path);
    add_place(subject, keys, finding);
}

gboolean
pst_ssh_judge_confined_hides(const PstSshSubject *subject, const char *path)
{
    if (!pst_sysroot_is_live(subject->context->sysroot) || has_own_mounts(subject) != PST_TRI_YES ||
        !sees_another(subject, path))
        return FALSE;
    PstFinding *finding = pst_report_add(
        subject->report, "ssh.keys-hidden", PST_SEVERITY_CRITICAL,
        "the sshd that runs does not see %s: its unit gives it mounts of its own", path);
    finding->evidence->user = g_strdup(subject->asked->user);
    add_mounts(subject, path, finding);
    return TRUE;
}

void
pst_ssh_judge_confined_files(const PstSshSubject *subject)
{
    static const char *const paths[] = {"/etc/passwd",    "/etc/shadow",   "/etc/pam.d",
                                        "/etc/security",  "/usr/bin",      "/etc/sudoers",
                                        "/etc/sudoers.d", "/etc/sudo.conf"};

    if (!pst_sysroot_is_live(subject->context->sysroot))
        return;
    PstTri own = has_own_mounts(subject);
    if (own == PST_TRI_UNKNOWN)
        pst_report_add(subject->report, "ssh.could-not-look", PST_SEVERITY_UNKNOWN,
                       "whether the sshd that runs sees the same files as the guest is not known: "
                       "its mounts may not be looked at");
    if (own != PST_TRI_YES)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (!sees_another(subject, paths[i]))
            continue;
        PstFinding *finding = pst_report_add(
            subject->report, "ssh.files-hidden", PST_SEVERITY_WARNING,
            "the sshd that runs, and every session of it, does not see %s: its unit gives it "
            "mounts of its own, and whether users can get in and become root there is not known",
            paths[i]);
        add_mounts(subject, paths[i], finding);
        return;
    }
}
