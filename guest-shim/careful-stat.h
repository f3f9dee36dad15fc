// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* lstat(2) for paths that others name and that are not worth a probe that hangs: what lies in the
 * root's own mount is looked at, what lies in another one only on a live system, and where the way
 * there enters no mount that may leave its caller waiting (careful-open.h). */

/* FALSE with PST_ERROR_ABSENT, or PST_ERROR_UNAVAILABLE for what was better left alone. */
gboolean pst_careful_stat(const PstSysroot *sysroot, const char *path, struct stat *st,
                          GError **error);

/* A time of stat(2) in microseconds. */
gint64 pst_careful_stat_us(const struct timespec *time);
