// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What is mounted, as the kernel tells it: the columns of proc_pid_mountinfo(5). Secrets
 * in them are hidden. */

typedef struct {
    char *line; /* as it stood there */
    gint64 id;
    gint64 parent;      /* the id of the mount that it is mounted in */
    char *device;       /* major:minor */
    char *root;         /* the folder of the file system that is mounted here */
    char *folder;       /* where */
    char *options;      /* of this mount */
    char *type;         /* as ext4 */
    char *source;       /* as /dev/vda1; what a network or a FUSE file system likes */
    char *file_options; /* of the file system, whose every mount has them */
} PstMount;

/* The mounts of TEXT in its order, which is that of their making; lines that are none are left out.
 * Free with g_ptr_array_unref(). */
GPtrArray *pst_mount_table_parse(const char *text);

/* As above, of /proc/self/mountinfo; NULL with an error. */
GPtrArray *pst_mount_table_read(const PstSysroot *sysroot, GError **error);

/* What is seen at FOLDER: of several mounts there the last one. NULL for none; borrowed. */
const PstMount *pst_mount_table_at(const GPtrArray *mounts, const char *folder);

/* The kernel's number of the mount that the open FD is on (proc_pid_fdinfo(5)); -1 where it can't
 * be told. */
gint64 pst_mount_table_id_of(int fd);

/* That mount, by its number and its device: a table that was taken elsewhere has the same numbers
 * for other mounts. NULL where it is none of them, and where it can't be told, as where files have
 * another device than the mount (btrfs). Borrowed. */
const PstMount *pst_mount_table_of(const GPtrArray *mounts, int fd);

/* A column with its white space and backslashes, which stand there as three octal digits, put back;
 * of fstab(5) too. Free with g_free(). */
char *pst_mount_table_unescape(const char *column);

/* Whether OPTION is one of OPTIONS, which stand between commas; NULL has none. */
gboolean pst_mount_table_has_option(const char *options, const char *option);

/* Whether the mount or its file system refuses writing. */
gboolean pst_mount_table_is_read_only(const PstMount *mount);

/* Whether a file system of that type, mounted with those options, can't be written whatever is
 * asked for. An overlay without an upper layer can't (overlayfs.rst of the kernel's docs). */
gboolean pst_mount_table_is_never_writable(const PstMount *mount);
