// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/mount-kinds.h"

gboolean
pst_mount_kinds_answers_by_itself(const char *type)
{
    static const char *const types[] = {
        "bcachefs", "bpf",      "btrfs",    "cgroup",   "cgroup2",    "configfs",   "cramfs",
        "debugfs",  "devpts",   "devtmpfs", "efivarfs", "erofs",      "exfat",      "ext2",
        "ext3",     "ext4",     "f2fs",     "fusectl",  "hugetlbfs",  "iso9660",    "jfs",
        "mqueue",   "nilfs2",   "nsfs",     "ntfs3",    "overlay",    "proc",       "pstore",
        "ramfs",    "reiserfs", "romfs",    "rootfs",   "rpc_pipefs", "securityfs", "selinuxfs",
        "squashfs", "sysfs",    "tmpfs",    "tracefs",  "udf",        "vfat",       "xfs",
        "zfs",      NULL,
    };

    return g_strv_contains(types, type);
}

gboolean
pst_mount_kinds_holds_no_files(const PstMount *mount)
{
    static const char *const types[] = {
        "binder",        "binfmt_misc", "bpf",        "cgroup",          "cgroup2",
        "configfs",      "debugfs",     "devpts",     "devtmpfs",        "dlmfs",
        "efivarfs",      "fusectl",     "hugetlbfs",  "mqueue",          "nfsd",
        "nsfs",          "ocfs2_dlmfs", "proc",       "pstore",          "resctrl",
        "rpc_pipefs",    "securityfs",  "selinuxfs",  "smackfs",         "sysfs",
        "tracefs",       "xenfs",       "fuse.lxcfs", "fuse.gvfsd-fuse", "fuse.portal",
        "fuse.snapfuse", NULL,
    };

    /* Layers that can't be written lie over others that perhaps can. */
    return g_strv_contains(types, mount->type) ||
           (pst_mount_table_is_never_writable(mount) && !g_str_equal(mount->type, "overlay"));
}
