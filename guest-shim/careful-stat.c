// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-stat.h"

#include "guest-shim/mount-table.h"
#include "protocol/error.h"

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

/* Nothing below /proc or /sys is on the way to a path that is dated. */
static gboolean
may_hang(const PstMount *mount)
{
    return !answers_by_itself(mount->type) && !g_str_has_prefix(mount->folder, "/proc/") &&
           !g_str_has_prefix(mount->folder, "/sys/");
}

gboolean
pst_careful_stat_all_answer(const GPtrArray *mounts)
{
    for (guint i = 0; i < mounts->len; i++)
        if (may_hang(mounts->pdata[i]))
            return FALSE;
    return TRUE;
}

static gboolean
no_mount_may_hang(const PstSysroot *sysroot)
{
    g_autoptr(GPtrArray) mounts =
        pst_sysroot_is_live(sysroot) ? pst_mount_table_read(sysroot, NULL) : NULL;

    return mounts != NULL && pst_careful_stat_all_answer(mounts);
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
