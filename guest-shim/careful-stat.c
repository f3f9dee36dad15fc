// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-stat.h"

#include <string.h>

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

/* Whether the mount is PATH's, or on the way to it. */
static gboolean
is_above(const PstMount *mount, const char *path)
{
    g_autofree char *folder = pst_mount_table_unescape(mount->folder);
    gsize len = strlen(folder);

    return g_str_equal(folder, "/") ||
           (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

gboolean
pst_careful_stat_answers(const GPtrArray *mounts, const char *path)
{
    for (guint i = 0; i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];

        if (!answers_by_itself(mount->type) && is_above(mount, path))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_safe(const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GPtrArray) mounts =
        pst_sysroot_is_live(sysroot) ? pst_mount_table_read(sysroot, NULL) : NULL;

    return mounts != NULL && pst_careful_stat_answers(mounts, path);
}

gboolean
pst_careful_stat(const PstSysroot *sysroot, const char *path, struct stat *st, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (pst_sysroot_lstat_same_mount(sysroot, path, st, &cause))
        return TRUE;
    if (cause->code == PST_ERROR_UNAVAILABLE && is_safe(sysroot, path))
        return pst_sysroot_lstat(sysroot, path, st, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
