// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/mount-table.h"
#include "guest-shim/probe.h"
#include "protocol/report-storage.h"

/* File systems that somebody has frozen (FIFREEZE of ioctl_fs(2), as fsfreeze(8) and the guest
 * agent use it before a snapshot): whoever writes to them waits, in the kernel, until they are
 * thawed. The kernel tells nobody that they are, and asking it by freezing would be no look. What
 * tells is the file that the agent keeps while it has frozen them, and who waits where
 * (proc_pid_stack(5)). */

/* Fills in data->frozen: a row for the agent, one for each mount (of MOUNTS, which may be NULL)
 * that somebody waits for, and one for those of whom it is not known which they wait for. FALSE
 * where it could not be looked at who waits, all or some of them; a kernel that has no such file
 * tells of none. */
gboolean pst_storage_frozen_find(const PstSysroot *sysroot, const GPtrArray *mounts,
                                 PstStorageData *data, GError **error);

/* Whether a process with this stack waits for a frozen file system: proc_pid_stack(5), a function
 * of the kernel's in each line. */
gboolean pst_storage_frozen_is_waiting(const char *stack);
