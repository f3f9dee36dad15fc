// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `memory`: is it starved? */

typedef struct {
    char *unused; /* the probe takes no arguments; a table needs a row's type */
} PstMemoryArgs;

/* Of /proc/meminfo. */
typedef struct {
    gint64 total_bytes;
    gint64 available_bytes; /* without swapping */
    gint64 free_bytes;
    gint64 swap_total_bytes;
    gint64 swap_free_bytes;
    gint64 shared_bytes;          /* tmpfs and shared memory */
    gint64 kernel_fixed_bytes;    /* that the kernel can't give back */
    gint64 huge_pages_bytes;      /* set aside for huge pages, used or not */
    gint64 huge_pages_free_bytes; /* of those not used */
    gint64 committed_bytes;       /* promised to processes */
    gint64 commit_limit_bytes;
    gint64 overcommit; /* vm.overcommit_memory */
} PstMemorySizes;

/* The share of the time in which something waited, in hundredths of a percent, over the last 10, 60
 * and 300 seconds: `some` of what wanted to run, or all of it, `full`. */
typedef struct {
    char *resource; /* cpu, memory, io */
    gint64 some_avg10_basis_points;
    gint64 some_avg60_basis_points;
    gint64 some_avg300_basis_points;
    gint64 full_avg10_basis_points;
    gint64 full_avg60_basis_points;
    gint64 full_avg300_basis_points;
} PstMemoryPressure;

/* A process that the kernel killed for want of memory. */
typedef struct {
    gint64 pid;
    char *process;
    char *unit;
    gint64 rss_bytes;
    gint64 at_us; /* microseconds since 1970 UTC */
    char *group;  /* the control group whose limit was reached, absent where the guest's memory
                   * was used up */
} PstMemoryKill;

typedef struct {
    gint64 pid;
    char *name;
    char *unit;
    gint64 uid;
    gint64 rss_bytes; /* in memory, shared pages in full */
    gint64 threads;
} PstMemoryProcess;

/* A control group that has a limit and is near it, or has met it. */
typedef struct {
    char *group;
    char *unit;
    gint64 tasks;
    gint64 tasks_max;
    gint64 forks_refused; /* since it was made */
    gint64 memory_bytes;
    gint64 memory_kept_bytes; /* of it what can't be dropped: without the files' cache */
    gint64 memory_max_bytes;
    gint64 oom_kills; /* since it was made */
} PstMemoryGroup;

typedef struct {
    gint64 tasks; /* processes and threads */
    gint64 tasks_max;
    gint64 pid_max;
    gint64 files_open;
    gint64 files_max;
    gint64 uninterruptible; /* processes that wait in the kernel */
    gint64 zombies;
} PstMemoryLimits;

typedef struct {
    PstMemorySizes *sizes;
    GPtrArray *pressure; /* of PstMemoryPressure; absent before kernel 4.20, or where it is off */
    gint64 oom_kills;    /* since the start; absent before kernel 4.13 */
    GPtrArray *kills;    /* of PstMemoryKill, newest first, as far as the kernel's log goes */
    PstMemoryLimits *limits;
    GPtrArray *groups;    /* of PstMemoryGroup */
    GPtrArray *processes; /* of PstMemoryProcess, largest first */
} PstMemoryData;

extern const PstFields pst_report_memory_sizes_fields;
extern const PstFields pst_report_memory_pressure_fields;
extern const PstFields pst_report_memory_kill_fields;
extern const PstFields pst_report_memory_process_fields;
extern const PstFields pst_report_memory_group_fields;
extern const PstFields pst_report_memory_limits_fields;
extern const PstReportKind pst_report_memory_kind;
