// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* For paths that are not worth a caller that hangs: a mount that may leave it waiting (a network
 * file system, FUSE, an automount) is not entered, wherever the links on the way lead. What is
 * mounted while it looks is entered all the same. */

/* The mounts that pst_careful_open() goes by; NULL with an error where they can't be told. Those of
 * a system that does not run are none. Free with g_ptr_array_unref(). */
GPtrArray *pst_careful_open_mounts(const PstSysroot *sysroot, GError **error);

/* The path without links to what PATH leads to, or with O_NOFOLLOW to a last link itself; NULL with
 * an error as below. Free with g_free(). */
char *pst_careful_open_resolve(const PstSysroot *sysroot, const GPtrArray *mounts, const char *path,
                               int flags, GError **error);

/* Opens what PATH leads to with O_PATH, and FLAGS such as O_DIRECTORY or O_NOFOLLOW. MOUNTS: of
 * pst_mount_table_parse(). Returns the descriptor, or -1 with PST_ERROR_ABSENT, or
 * PST_ERROR_UNAVAILABLE for what was better left alone. */
int pst_careful_open(const PstSysroot *sysroot, const GPtrArray *mounts, const char *path,
                     int flags, GError **error);
