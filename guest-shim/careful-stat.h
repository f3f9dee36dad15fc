// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* lstat(2) for paths that others name and that are not worth a probe that hangs: what lies in the
 * root's own mount is looked at, what lies in another one only on a live system, and where no mount
 * on the way to it may leave its caller waiting (a network file system, FUSE, an automount). A link
 * on the way that leads into such a mount all the same costs the probe. */

/* FALSE with PST_ERROR_ABSENT, or PST_ERROR_UNAVAILABLE for what was better left alone. */
gboolean pst_careful_stat(const PstSysroot *sysroot, const char *path, struct stat *st,
                          GError **error);

/* Whether each of MOUNTS (of pst_mount_table_parse()) that PATH is in, or that is on the way to it,
 * is of a type that answers from this machine alone. */
gboolean pst_careful_stat_answers(const GPtrArray *mounts, const char *path);

/* A time of stat(2) in microseconds. */
gint64 pst_careful_stat_us(const struct timespec *time);
