// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-memory.h"

static const PstField sizes_rows[] = {
    PST_INT(PstMemorySizes, total_bytes, "memory that the kernel manages"),
    PST_INT(PstMemorySizes, available_bytes, "of it that programs can have without swapping",
            PST_PASSING),
    PST_INT(PstMemorySizes, free_bytes, "of it that nobody uses, not even as a cache", PST_PASSING),
    PST_INT(PstMemorySizes, swap_total_bytes, "swap, 0 for none"),
    PST_INT(PstMemorySizes, swap_free_bytes, "of it not used", PST_PASSING),
    PST_INT(PstMemorySizes, shared_bytes, "in tmpfs and shared memory", PST_PASSING),
    PST_INT(PstMemorySizes, kernel_fixed_bytes, "of the kernel's own that it can't give back",
            PST_PASSING),
    PST_INT(PstMemorySizes, huge_pages_bytes, "set aside for huge pages, used or not"),
    PST_INT(PstMemorySizes, huge_pages_free_bytes, "of those not used", PST_PASSING),
    PST_INT(PstMemorySizes, committed_bytes, "promised to processes", PST_PASSING),
    PST_INT(PstMemorySizes, commit_limit_bytes, "that may be promised where overcommit is 2"),
    PST_INT(PstMemorySizes, overcommit, "vm.overcommit_memory: 2 refuses what has no room"),
};
const PstFields pst_report_memory_sizes_fields = PST_FIELDS(PstMemorySizes, sizes_rows);

static const PstField pressure_rows[] = {
    PST_STRING(PstMemoryPressure, resource, "cpu, memory or io"),
    PST_INT(PstMemoryPressure, some_avg10_basis_points,
            "hundredths of a percent of the last 10 s in which some waited"),
    PST_INT(PstMemoryPressure, some_avg60_basis_points, "the same of the last 60 s"),
    PST_INT(PstMemoryPressure, some_avg300_basis_points, "the same of the last 300 s"),
    PST_INT(PstMemoryPressure, full_avg10_basis_points,
            "hundredths of a percent of the last 10 s in which all waited"),
    PST_INT(PstMemoryPressure, full_avg60_basis_points, "the same of the last 60 s"),
    PST_INT(PstMemoryPressure, full_avg300_basis_points, "the same of the last 300 s"),
};
const PstFields pst_report_memory_pressure_fields = PST_FIELDS(PstMemoryPressure, pressure_rows);

static const PstField kill_rows[] = {
    PST_INT(PstMemoryKill, pid, "its number", PST_PASSING),
    PST_STRING(PstMemoryKill, process, "its name", PST_KEY),
    PST_STRING(PstMemoryKill, unit, "its unit", PST_KEY),
    PST_INT(PstMemoryKill, rss_bytes, "that it had in memory", PST_PASSING),
    PST_INT(PstMemoryKill, at_us, "when, microseconds since 1970 UTC", PST_PASSING),
    PST_STRING(PstMemoryKill, group,
               "the control group whose limit was reached, absent for the guest's own memory",
               PST_PASSING),
};
const PstFields pst_report_memory_kill_fields = PST_FIELDS(PstMemoryKill, kill_rows);

static const PstField process_rows[] = {
    PST_INT(PstMemoryProcess, pid, "its number"),
    PST_STRING(PstMemoryProcess, name, "its name, which it chose itself"),
    PST_STRING(PstMemoryProcess, unit, "its unit"),
    PST_INT(PstMemoryProcess, uid, "its user"),
    PST_INT(PstMemoryProcess, rss_bytes, "that it has in memory, shared pages in full"),
    PST_INT(PstMemoryProcess, threads, "how many it has"),
};
const PstFields pst_report_memory_process_fields = PST_FIELDS(PstMemoryProcess, process_rows);

static const PstField group_rows[] = {
    PST_STRING(PstMemoryGroup, group, "its path below the root of the control groups"),
    PST_STRING(PstMemoryGroup, unit, "the unit that it is, or is a part of"),
    PST_INT(PstMemoryGroup, tasks, "processes and threads in it"),
    PST_INT(PstMemoryGroup, tasks_max, "how many may be in it"),
    PST_INT(PstMemoryGroup, forks_refused,
            "for want of room in it or above it, as its kernel counts them"),
    PST_INT(PstMemoryGroup, memory_bytes, "that it uses"),
    PST_INT(PstMemoryGroup, memory_kept_bytes, "of it without the cache of files"),
    PST_INT(PstMemoryGroup, memory_max_bytes, "that it may use"),
    PST_INT(PstMemoryGroup, oom_kills, "processes in it that were killed, since it was made"),
};
const PstFields pst_report_memory_group_fields = PST_FIELDS(PstMemoryGroup, group_rows);

static const PstField limits_rows[] = {
    PST_INT(PstMemoryLimits, tasks, "processes and threads in the guest", PST_PASSING),
    PST_INT(PstMemoryLimits, tasks_max, "kernel.threads-max"),
    PST_INT(PstMemoryLimits, pid_max, "kernel.pid_max"),
    PST_INT(PstMemoryLimits, files_open, "open files in the guest", PST_PASSING),
    PST_INT(PstMemoryLimits, files_max, "fs.file-max"),
    PST_INT(PstMemoryLimits, uninterruptible,
            "processes that wait in the kernel and can't be "
            "killed",
            PST_PASSING),
    PST_INT(PstMemoryLimits, zombies, "processes that ended and were not waited for", PST_PASSING),
};
const PstFields pst_report_memory_limits_fields = PST_FIELDS(PstMemoryLimits, limits_rows);

static const PstField data_rows[] = {
    PST_OBJECT(PstMemoryData, sizes, pst_report_memory_sizes_fields, "of /proc/meminfo"),
    PST_LIST(PstMemoryData, pressure, pst_report_memory_pressure_fields,
             "how much was waited for what", PST_PASSING),
    PST_INT(PstMemoryData, oom_kills, "processes killed for want of memory since the start",
            PST_PASSING),
    PST_LIST(PstMemoryData, kills, pst_report_memory_kill_fields,
             "those of them that the kernel's log still names, newest first", PST_RECENT),
    PST_OBJECT(PstMemoryData, limits, pst_report_memory_limits_fields, "of the guest as a whole"),
    PST_LIST(PstMemoryData, groups, pst_report_memory_group_fields,
             "control groups that are near a limit or have met one", PST_PASSING),
    PST_LIST(PstMemoryData, processes, pst_report_memory_process_fields,
             "the largest processes, largest first", PST_PASSING),
};
static const PstFields data_fields = PST_FIELDS(PstMemoryData, data_rows);

static const PstFields args_fields = {sizeof(PstMemoryArgs), 0, NULL};

const PstReportKind pst_report_memory_kind = {
    .name = "memory",
    .question = "is it starved?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};
