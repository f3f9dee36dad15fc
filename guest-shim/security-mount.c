// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-mount.h"

#include <string.h>

#include "guest-shim/mount-table.h"

static gboolean
is_below(const char *path, const char *folder)
{
    gsize len = strlen(folder);

    return g_str_equal(folder, "/") ||
           (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* The mount that PATH is on: the longest folder, and of several on one the last. */
static const PstMount *
find(const GPtrArray *mounts, const char *path)
{
    const PstMount *found = NULL;

    for (guint i = 0; mounts != NULL && i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];

        if (is_below(path, mount->folder) &&
            (found == NULL || strlen(mount->folder) >= strlen(found->folder)))
            found = mount;
    }
    return found;
}

gboolean
pst_security_mount_is_remote(const PstSysroot *sysroot, const char *path)
{
    static const char *const types[] = {"nfs",  "nfs4",  "cifs",   "smb3",     "ceph",
                                        "9p",   "afs",   "lustre", "virtiofs", "glusterfs",
                                        "gfs2", "ocfs2", "autofs", NULL};
    g_autoptr(GPtrArray) mounts = pst_mount_table_read(sysroot, NULL);
    const PstMount *mount = find(mounts, path);

    return mount != NULL &&
           (g_strv_contains(types, mount->type) || g_str_has_prefix(mount->type, "fuse"));
}

PstTri
pst_security_mount_has(const PstSysroot *sysroot, const char *path, const char *option)
{
    g_autoptr(GPtrArray) mounts = pst_mount_table_read(sysroot, NULL);
    const PstMount *mount = find(mounts, path);

    if (mount == NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(g_str_equal(mount->folder, path) &&
                   pst_mount_table_has_option(mount->options, option));
}
