// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-mount.h"

#include <stdio.h>
#include <string.h>

#define MAX_MOUNTS (1024 * 1024)

typedef struct {
    char *folder;
    char *options;
    char *type;
} Mount;

static void
clear_mount(Mount *mount)
{
    g_free(mount->folder);
    g_free(mount->options);
    g_free(mount->type);
    *mount = (Mount){NULL, NULL, NULL};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mount, clear_mount)

static gboolean
parse(const char *line, Mount *mount)
{
    const char *tail = strstr(line, " - ");

    if (sscanf(line, "%*d %*d %*s %*s %ms %ms", &mount->folder, &mount->options) == 2 &&
        tail != NULL && sscanf(tail, " - %ms", &mount->type) == 1)
        return TRUE;
    clear_mount(mount);
    return FALSE;
}

static gboolean
is_below(const char *path, const char *folder)
{
    gsize len = strlen(folder);

    return g_str_equal(folder, "/") ||
           (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* The mount that PATH is on: the longest folder, and of several on one the last. */
static gboolean
find(const PstSysroot *sysroot, const char *path, Mount *found)
{
    g_autofree char *text =
        pst_sysroot_read(sysroot, "/proc/self/mountinfo", MAX_MOUNTS, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(Mount) mount = {NULL, NULL, NULL};

        if (!parse(lines[i], &mount) || !is_below(path, mount.folder) ||
            (found->folder != NULL && strlen(mount.folder) < strlen(found->folder)))
            continue;
        clear_mount(found);
        *found = mount;
        mount = (Mount){NULL, NULL, NULL};
    }
    return found->folder != NULL;
}

gboolean
pst_security_mount_is_remote(const PstSysroot *sysroot, const char *path)
{
    static const char *const types[] = {"nfs",  "nfs4",  "cifs",   "smb3",     "ceph",
                                        "9p",   "afs",   "lustre", "virtiofs", "glusterfs",
                                        "gfs2", "ocfs2", "autofs", NULL};
    g_auto(Mount) mount = {NULL, NULL, NULL};

    if (!find(sysroot, path, &mount))
        return FALSE;
    return g_strv_contains(types, mount.type) || g_str_has_prefix(mount.type, "fuse");
}

PstTri
pst_security_mount_has(const PstSysroot *sysroot, const char *path, const char *option)
{
    g_auto(Mount) mount = {NULL, NULL, NULL};

    if (!find(sysroot, path, &mount))
        return PST_TRI_UNKNOWN;
    g_auto(GStrv) options = g_strsplit(mount.options, ",", -1);
    return PST_TRI(g_str_equal(mount.folder, path) &&
                   g_strv_contains((const char *const *)options, option));
}
