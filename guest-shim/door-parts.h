// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/door.h"

/* The other names that an opened file may have. */

/* Its path within its own file system, seen from that one's root: what a bind mount shows of it at
 * WHOLE. NULL with PST_ERROR_UNAVAILABLE. Free with g_free(). Format: proc_pid_mountinfo(5). */
char *pst_door_mounts_origin(int fd, const char *whole, GError **error);

/* The same for the text of mountinfo and a mount's number; NULL where it has no such mount. */
char *pst_door_mounts_translate(const char *mountinfo, gint64 mount_id, const char *whole);

/* For a file of several names: why one of them is denied, or why that could not be told; NULL where
 * none is. Looks for what each of DENY stands for, in the usual places. Free with g_free(). */
char *pst_door_links_find(const PstSysroot *sysroot, const char *const *deny,
                          const struct stat *st);
