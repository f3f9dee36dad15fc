// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What /proc/self/mountinfo says of a path (proc_pid_mountinfo(5)), without touching the mount: a
 * dead share hangs whoever looks at it. */

/* Whether a server or another process stands behind the mount that PATH is on. */
gboolean pst_security_mount_is_remote(const PstSysroot *sysroot, const char *path);

/* Whether what is mounted on PATH itself has OPTION; NO where nothing is mounted there, and unknown
 * where the table can't be read. */
PstTri pst_security_mount_has(const PstSysroot *sysroot, const char *path, const char *option);
