// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/bytes-text.h"
#include "guest-shim/memory-judge-parts.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

#define MAX_FINDINGS 8
#define NOW_US (600 * G_USEC_PER_SEC)
#define LATELY_US ((gint64)24 * 3600 * G_USEC_PER_SEC)

/* A kill of yesterday is history; one of the guest's own memory just now is going on. */
static PstSeverity
severity_of(const PstMemoryKill *kill)
{
    gint64 age_us =
        kill->at_us != PST_INT_UNKNOWN ? g_get_real_time() - kill->at_us : PST_INT_UNKNOWN;

    if (age_us == PST_INT_UNKNOWN)
        return PST_SEVERITY_WARNING;
    if (age_us > LATELY_US)
        return PST_SEVERITY_INFORMATION;
    return kill->group == NULL && age_us < NOW_US ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING;
}

static gboolean
is_of_same(const PstMemoryKill *kill, const PstMemoryKill *other)
{
    if (kill->unit != NULL || other->unit != NULL)
        return g_strcmp0(kill->unit, other->unit) == 0;
    return g_strcmp0(kill->process, other->process) == 0;
}

/* How many of KILLS are of the unit, or the name, of the one at AT; 0 where an earlier one was. */
static guint
count_same(const GPtrArray *kills, guint at)
{
    guint n = 0;

    for (guint i = 0; i < at; i++)
        if (is_of_same(kills->pdata[i], kills->pdata[at]))
            return 0;
    for (guint i = at; i < kills->len; i++)
        n += is_of_same(kills->pdata[i], kills->pdata[at]);
    return n;
}

static char *
tell_kill(const PstMemoryKill *kill)
{
    g_autoptr(GDateTime) at = kill->at_us != PST_INT_UNKNOWN
                                  ? g_date_time_new_from_unix_utc(kill->at_us / G_USEC_PER_SEC)
                                  : NULL;
    g_autofree char *when = at != NULL ? g_date_time_format_iso8601(at) : g_strdup("once");
    g_autofree char *size =
        kill->rss_bytes != PST_INT_UNKNOWN ? pst_bytes_text(kill->rss_bytes) : g_strdup("?");

    return g_strdup_printf("%s: %s (pid %" G_GINT64_FORMAT ") with %s in memory%s%s", when,
                           kill->process, kill->pid, size,
                           kill->group != NULL ? ", at the limit of " : "",
                           kill->group != NULL ? kill->group : "");
}

static void
judge_kill(const PstMemoryKill *kill, guint n, PstReport *report)
{
    g_autofree char *word = pst_shell_word(kill->unit != NULL ? kill->unit : "");
    g_autofree char *count = n > 1 ? g_strdup_printf(", %u times", n) : g_strdup("");
    PstFinding *finding = pst_report_add(
        report, "memory.oom-kills", severity_of(kill),
        "the kernel killed %s%s%s%s for want of memory: %s", kill->process,
        kill->unit != NULL ? " of " : "", kill->unit != NULL ? kill->unit : "", count,
        kill->group != NULL ? "its control group had used up its limit" : "the guest had no more");

    finding->evidence->unit = g_strdup(kill->unit);
    finding->evidence->path = g_strdup("/dev/kmsg");
    finding->evidence->text = tell_kill(kill);
    finding->evidence->signal = 9;
    finding->remedy =
        kill->group != NULL && kill->unit != NULL
            ? g_strdup_printf("see why it needs so much; or raise its limit: systemctl "
                              "set-property %s MemoryMax=SIZE",
                              word)
            : g_strdup("give the guest more memory or swap, or limit what uses it (data.processes "
                       "names the largest)");
}

static gboolean
is_named(const PstMemoryData *data, const PstMemoryGroup *group)
{
    for (guint i = 0; data->kills != NULL && i < data->kills->len; i++) {
        const PstMemoryKill *kill = data->kills->pdata[i];
        if (g_strcmp0(kill->unit, group->unit) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The log that would name the victims has gone over them. */
static PstSeverity
severity_unnamed(const PstMemoryFacts *facts)
{
    return facts->uptime_us != PST_INT_UNKNOWN && facts->uptime_us > LATELY_US
               ? PST_SEVERITY_INFORMATION
               : PST_SEVERITY_WARNING;
}

static void
judge_group(const PstMemoryFacts *facts, const PstMemoryGroup *group, PstReport *report)
{
    PstFinding *finding = pst_report_add(report, "memory.oom-kills", severity_unnamed(facts),
                                         "the kernel killed %" G_GINT64_FORMAT
                                         " process%s of %s for want of memory; its log does "
                                         "not name them any more",
                                         group->oom_kills, group->oom_kills == 1 ? "" : "es",
                                         group->unit != NULL ? group->unit : group->group);

    finding->evidence->unit = g_strdup(group->unit);
    finding->evidence->path = g_strdup_printf("/sys/fs/cgroup%s", group->group);
    finding->remedy = g_strdup("see why it needs so much, or raise its limit");
}

/* The counter knows more than the log, and nobody else knows who it was. */
static void
judge_count(const PstMemoryFacts *facts, const PstMemoryData *data, PstReport *report)
{
    PstFinding *finding = pst_report_add(report, "memory.oom-kills", severity_unnamed(facts),
                                         "the kernel killed %" G_GINT64_FORMAT
                                         " process%s for want of memory; its log does not "
                                         "name them",
                                         data->oom_kills, data->oom_kills == 1 ? "" : "es");

    finding->evidence->path = g_strdup("/proc/vmstat");
    finding->evidence->text = g_strdup_printf("oom_kill %" G_GINT64_FORMAT, data->oom_kills);
    finding->remedy = g_strdup("the journal may name them: ask the probe journal for the kernel's "
                               "messages");
}

void
pst_memory_judge_kills(const PstMemoryFacts *facts, const PstMemoryData *data, PstReport *report)
{
    guint n = 0;

    for (guint i = 0; data->kills != NULL && i < data->kills->len && n < MAX_FINDINGS; i++) {
        guint same = count_same(data->kills, i);

        if (same == 0)
            continue;
        judge_kill(data->kills->pdata[i], same, report);
        n++;
    }
    for (guint i = 0; data->groups != NULL && i < data->groups->len && n < MAX_FINDINGS; i++) {
        const PstMemoryGroup *group = data->groups->pdata[i];

        if (group->oom_kills == PST_INT_UNKNOWN || group->oom_kills <= 0 || is_named(data, group))
            continue;
        judge_group(facts, group, report);
        n++;
    }
    if (n == 0 && data->oom_kills != PST_INT_UNKNOWN && data->oom_kills > 0)
        judge_count(facts, data, report);
    /* A container has none, and a kernel without it says nothing else of its kills either. */
    if (facts->log_error != NULL && !g_error_matches(facts->log_error, PST_ERROR, PST_ERROR_ABSENT))
        pst_probe_add_unlooked(report, "memory.could-not-look", "who was killed for want of memory",
                               facts->log_error);
}
