// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-memory.h"

/* Fills in data->groups with the control groups that are near one of their limits or whose
 * processes were killed: cgroup-v2.rst of the kernel's docs, and v1's pids and memory. At most
 * 2,000 groups are looked at; TRUE where there are more. */
gboolean pst_memory_groups_read(const PstProbeContext *context, PstMemoryData *data);

/* Whether a group is so near to its limit of tasks, or of memory, that the next ones are refused or
 * killed. */
gboolean pst_memory_groups_tasks_used_up(const PstMemoryGroup *group);
gboolean pst_memory_groups_memory_used_up(const PstMemoryGroup *group);
