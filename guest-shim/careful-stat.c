// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-stat.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_MOUNTS (1024 * 1024)

gint64
pst_careful_stat_us(const struct timespec *time)
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

gboolean
pst_careful_stat(PstCarefulStat *careful, const char *path, struct stat *st, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (pst_sysroot_lstat_same_mount(careful->sysroot, path, st, &cause))
        return TRUE;
    if (cause->code == PST_ERROR_UNAVAILABLE && careful->anywhere == PST_TRI_UNKNOWN)
        careful->anywhere = PST_TRI(no_mount_may_hang(careful->sysroot));
    if (cause->code == PST_ERROR_UNAVAILABLE && careful->anywhere == PST_TRI_YES)
        return pst_sysroot_lstat(careful->sysroot, path, st, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
