// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/mount-table.h"

/* What may be expected of a file system by its type, as proc_pid_mountinfo(5) has it. */

/* Whether it answers from this machine alone. Of a type that is not known here that is not said. */
gboolean pst_mount_kinds_answers_by_itself(const char *type);

/* Whether there is no file in it that anybody may have changed: it is the kernel's own view of
 * something, or an image that can't be written, or shows what lies elsewhere. */
gboolean pst_mount_kinds_holds_no_files(const PstMount *mount);
