// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* lstat(2) for paths that others name and that are not worth a probe that hangs: what lies in the
 * root's own mount is looked at, what lies in another one only on a live system of which no mount
 * may leave its caller waiting (a network file system, FUSE, an automount). */

typedef struct {
    const PstSysroot *sysroot;
    PstTri anywhere; /* unknown at first: whether other mounts are safe, found out once */
} PstCarefulStat;

/* FALSE with PST_ERROR_ABSENT, or PST_ERROR_UNAVAILABLE for what was better left alone. */
gboolean pst_careful_stat(PstCarefulStat *careful, const char *path, struct stat *st,
                          GError **error);

/* Whether each of MOUNTS (of pst_mount_table_parse()) is of a type that answers from this machine
 * alone; those below /proc and /sys do not count. */
gboolean pst_careful_stat_all_answer(const GPtrArray *mounts);

/* A time of stat(2) in microseconds. */
gint64 pst_careful_stat_us(const struct timespec *time);
