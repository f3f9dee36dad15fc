// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The processes, from proc_pid_stat(5). A name is whatever its process likes, up to 15 bytes. */

typedef struct {
    gint64 pid;
    char *name;
    char state; /* R, S, D, Z, T … */
    gint64 threads;
    gint64 rss_bytes; /* what is in memory of it, shared pages in full */
    gint64 start_us;  /* on CLOCK_BOOTTIME, to the hundredth of a second */
} PstProcess;

/* At most 5,000 of them, those with the lowest numbers in the order of /proc; *cut (NULL for not
 * asked) is whether there were more. Free with g_ptr_array_unref(); NULL with an error. */
GPtrArray *pst_process_list_read(const PstSysroot *sysroot, gboolean *cut, GError **error);

/* What proc_pid_stat(5) says; NULL where TEXT is not of its form. Free with
 * pst_process_list_free_process(). */
PstProcess *pst_process_list_parse(const char *text);
void pst_process_list_free_process(gpointer data);

/* Whose a process is; PST_INT_UNKNOWN where it has ended. */
gint64 pst_process_list_uid(const PstSysroot *sysroot, gint64 pid);

/* Now on the clock of start_us. */
gint64 pst_process_list_now_us(void);

/* The system's own unit that a process belongs to, by its control group (proc_pid_cgroup(5) and
 * systemd's CGROUP_DELEGATION.md): a user's session or service manager, not what runs below it.
 * NULL where it belongs to none. Free with g_free(). */
char *pst_process_list_unit(const PstSysroot *sysroot, gint64 pid);

/* The same of a path below the root of the control groups. */
char *pst_process_list_unit_of_group(const char *group);
