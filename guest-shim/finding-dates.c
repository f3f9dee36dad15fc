// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/finding-dates.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_MOUNTS (1024 * 1024)
/* A report has far fewer; what a guest puts into one must not keep it busy. */
#define MAX_DATED 500

gint64
pst_finding_dates_us(const struct timespec *time)
{
    return (gint64)time->tv_sec * G_USEC_PER_SEC + time->tv_nsec / 1000;
}

/* File systems that answer from this machine alone: the type as proc_pid_mountinfo(5) has it. */
static gboolean
answers_by_itself(const char *type)
{
    static const char *const types[] = {
        "bpf",    "btrfs",      "cgroup",     "cgroup2",   "configfs",  "debugfs",
        "devpts", "devtmpfs",   "efivarfs",   "erofs",     "exfat",     "ext2",
        "ext3",   "ext4",       "f2fs",       "fusectl",   "hugetlbfs", "iso9660",
        "mqueue", "nsfs",       "overlay",    "proc",      "pstore",    "ramfs",
        "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs",  "sysfs",
        "tmpfs",  "tracefs",    "vfat",       "xfs",       "zfs",       NULL,
    };

    return g_strv_contains(types, type);
}

/* One line of mountinfo: what may hang, unless it can't be on the way to a path that is dated. */
static gboolean
may_hang(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 0);
    guint n = g_strv_length(words), dash = 6;

    while (dash < n && !g_str_equal(words[dash], "-"))
        dash++;
    if (dash + 1 >= n)
        return TRUE;
    return !answers_by_itself(words[dash + 1]) && !g_str_has_prefix(words[4], "/proc/") &&
           !g_str_has_prefix(words[4], "/sys/");
}

static gboolean
no_mount_may_hang(const PstSysroot *sysroot)
{
    g_autofree char *text =
        pst_sysroot_read(sysroot, "/proc/self/mountinfo", MAX_MOUNTS, NULL, NULL);
    char *rest = text, *line;

    if (text == NULL || !pst_sysroot_is_live(sysroot))
        return FALSE;
    while ((line = strsep(&rest, "\n")) != NULL)
        if (*line != '\0' && may_hang(line))
            return FALSE;
    return TRUE;
}

static gboolean
has_no_date(const PstFinding *finding)
{
    static const char *const made_by_the_kernel[] = {"/proc/", "/sys/", "/dev/"};
    const char *path = finding->evidence->path;

    if (path == NULL || path[0] != '/' || finding->evidence->changed_us != PST_INT_UNKNOWN)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(made_by_the_kernel); i++)
        if (g_str_has_prefix(path, made_by_the_kernel[i]))
            return TRUE;
    return FALSE;
}

void
pst_finding_dates_fill(const PstSysroot *sysroot, PstReport *report)
{
    PstTri anywhere = PST_TRI_UNKNOWN; /* whether paths in other mounts are safe: asked once */
    guint n = MIN(report->findings->len, MAX_DATED);

    for (guint i = 0; i < n; i++) {
        PstFinding *finding = report->findings->pdata[i];
        const char *path = finding->evidence->path;
        g_autoptr(GError) cause = NULL;
        struct stat st;

        if (has_no_date(finding))
            continue;
        gboolean seen = pst_sysroot_lstat_same_mount(sysroot, path, &st, &cause);
        if (!seen && cause->code == PST_ERROR_UNAVAILABLE) {
            if (anywhere == PST_TRI_UNKNOWN)
                anywhere = PST_TRI(no_mount_may_hang(sysroot));
            seen = anywhere == PST_TRI_YES && pst_sysroot_lstat(sysroot, path, &st, NULL);
        }
        if (seen)
            finding->evidence->changed_us = pst_finding_dates_us(&st.st_ctim);
    }
}
