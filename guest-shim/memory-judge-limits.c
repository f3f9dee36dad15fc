// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/bytes-text.h"
#include "guest-shim/memory-groups.h"
#include "guest-shim/memory-judge-parts.h"
#include "protocol/shell-word.h"

/* Of a limit of the whole guest: then the next program that starts takes the rest. */
#define USED_UP_SHARE 20

static gboolean
is_used_up(gint64 used, gint64 max)
{
    return used != PST_INT_UNKNOWN && max != PST_INT_UNKNOWN && max > 0 &&
           used >= max - max / USED_UP_SHARE;
}

static void
judge_tasks(const PstMemoryLimits *limits, PstReport *report)
{
    gboolean by_pid = limits->tasks_max == PST_INT_UNKNOWN ||
                      (limits->pid_max != PST_INT_UNKNOWN && limits->pid_max < limits->tasks_max);
    gint64 max = by_pid ? limits->pid_max : limits->tasks_max;
    const char *name = by_pid ? "pid_max" : "threads-max";

    if (!is_used_up(limits->tasks, max))
        return;
    PstFinding *finding =
        pst_report_add(report, "memory.pids-exhausted", PST_SEVERITY_CRITICAL,
                       "the guest has %" G_GINT64_FORMAT " of at most %" G_GINT64_FORMAT
                       " processes and threads: nothing more can be started",
                       limits->tasks, max);
    finding->evidence->path = g_strdup_printf("/proc/sys/kernel/%s", name);
    finding->evidence->text = g_strdup_printf("%" G_GINT64_FORMAT, max);
    finding->remedy = g_strdup_printf("end what makes so many (data.processes and systemd-cgtop "
                                      "show it); or raise the limit: sysctl kernel.%s=NUMBER",
                                      name);
}

static void
judge_files(const PstMemoryLimits *limits, PstReport *report)
{
    if (!is_used_up(limits->files_open, limits->files_max))
        return;
    PstFinding *finding = pst_report_add(
        report, "memory.files-exhausted", PST_SEVERITY_CRITICAL,
        "%" G_GINT64_FORMAT " files are open in the guest, of at most %" G_GINT64_FORMAT
        ": nothing more can be opened",
        limits->files_open, limits->files_max);
    finding->evidence->path = g_strdup("/proc/sys/fs/file-nr");
    finding->remedy = g_strdup("end what holds so many open; or raise the limit: sysctl "
                               "fs.file-max=NUMBER");
}

/* Who is in one of these is somebody who logs in, or a part of the system. */
static gboolean
is_vital(const char *unit)
{
    static const char *const beginnings[] = {"user.slice", "user-", "system.slice", "session-",
                                             "ssh",        "user@", "systemd-",     "dbus"};

    for (guint i = 0; unit != NULL && i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(unit, beginnings[i]))
            return TRUE;
    return FALSE;
}

static void
judge_tasks_of(const PstMemoryGroup *group, PstReport *report)
{
    const char *name = group->unit != NULL ? group->unit : group->group;
    g_autofree char *word = pst_shell_word(name);
    PstFinding *finding =
        pst_report_add(report, "memory.pids-exhausted",
                       is_vital(group->unit) ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                       "%s has %" G_GINT64_FORMAT " of at most %" G_GINT64_FORMAT
                       " processes and threads: nothing more can be started in it",
                       name, group->tasks, group->tasks_max);

    finding->evidence->unit = g_strdup(group->unit);
    finding->evidence->path = g_strdup_printf("/sys/fs/cgroup%s/pids.max", group->group);
    finding->evidence->text = g_strdup_printf("%" G_GINT64_FORMAT, group->tasks_max);
    finding->remedy =
        group->unit != NULL
            ? g_strdup_printf("end what makes so many (systemctl status %s lists them); or raise "
                              "the limit: systemctl set-property %s TasksMax=NUMBER",
                              word, word)
            : g_strdup("end what makes so many, or raise the limit");
}

static void
judge_memory_of(const PstMemoryGroup *group, PstReport *report)
{
    const char *name = group->unit != NULL ? group->unit : group->group;
    g_autofree char *word = pst_shell_word(name);
    g_autofree char *kept = pst_bytes_text(group->memory_kept_bytes);
    g_autofree char *max = pst_bytes_text(group->memory_max_bytes);
    PstFinding *finding = pst_report_add(
        report, "memory.limit-reached", PST_SEVERITY_WARNING,
        "%s uses %s of the %s that it may use, and can give none of it back", name, kept, max);

    finding->evidence->unit = g_strdup(group->unit);
    finding->evidence->path = g_strdup_printf("/sys/fs/cgroup%s", group->group);
    finding->remedy =
        group->unit != NULL
            ? g_strdup_printf("see why it needs so much; or raise its limit: systemctl "
                              "set-property %s MemoryMax=SIZE",
                              word)
            : g_strdup("see why it needs so much, or raise its limit");
}

void
pst_memory_judge_limits(const PstMemoryData *data, PstReport *report)
{
    judge_tasks(data->limits, report);
    judge_files(data->limits, report);
    for (guint i = 0; data->groups != NULL && i < data->groups->len; i++) {
        const PstMemoryGroup *group = data->groups->pdata[i];

        if (pst_memory_groups_tasks_used_up(group))
            judge_tasks_of(group, report);
        if (pst_memory_groups_memory_used_up(group))
            judge_memory_of(group, report);
    }
}
