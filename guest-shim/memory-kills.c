// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/memory-kills.h"

#include <time.h>

#include "guest-shim/kernel-log.h"
#include "guest-shim/oom-line.h"
#include "guest-shim/process-list.h"

#define MAX_KILLS 100
#define TOGETHER_US (2 * G_USEC_PER_SEC)

/* The summary comes before the kill; where a whole group is killed (memory.oom.group), one summary
 * comes before all of them. */
typedef struct {
    PstOomLine summary;
    gint64 summary_us;
    gint64 clock_us; /* what is to be added to a record's time for the time since 1970 */
    GPtrArray *kills;
} Reading;

static void
add_kill(Reading *reading, const PstOomLine *line, gint64 time_us)
{
    const PstOomLine *summary = &reading->summary;
    gboolean same = summary->pid == line->pid || (line->by_group && summary->by_group &&
                                                  time_us - reading->summary_us < TOGETHER_US);
    PstMemoryKill *kill = pst_fields_append(&pst_report_memory_kill_fields, &reading->kills);

    kill->pid = line->pid;
    kill->process = g_strdup(line->name);
    kill->rss_bytes = line->rss_bytes >= 0 ? line->rss_bytes : PST_INT_UNKNOWN;
    if (reading->clock_us != PST_INT_UNKNOWN)
        kill->at_us = reading->clock_us + time_us;
    if (same && summary->group != NULL)
        kill->unit = pst_process_list_unit_of_group(summary->group);
    if (line->by_group)
        kill->group = g_strdup(same && summary->limit_group != NULL ? summary->limit_group
                                                                    : "a control group");
    if (reading->kills->len > MAX_KILLS)
        g_ptr_array_remove_index(reading->kills, 0);
}

static void
take_record(const char *message, gint64 time_us, gpointer user_data)
{
    Reading *reading = user_data;
    PstOomLine line = {0};

    switch (pst_oom_line_parse(message, &line)) {
    case PST_OOM_LINE_SUMMARY:
        pst_oom_line_clear(&reading->summary);
        reading->summary = line;
        reading->summary_us = time_us;
        return;
    case PST_OOM_LINE_KILLED:
        add_kill(reading, &line, time_us);
        break;
    case PST_OOM_LINE_NONE:
        break;
    }
    pst_oom_line_clear(&line);
}

/* The log's clock stands still in suspend, as CLOCK_MONOTONIC does. */
static gint64
clock_offset(const PstSysroot *sysroot, gint64 uptime_us)
{
    gint64 now_us = pst_sysroot_is_live(sysroot) ? g_get_monotonic_time() : uptime_us;

    return now_us != PST_INT_UNKNOWN ? g_get_real_time() - now_us : PST_INT_UNKNOWN;
}

/* Newest first. */
static void
turn_round(GPtrArray *list)
{
    for (guint i = 0; i < list->len / 2; i++) {
        gpointer first = list->pdata[i];

        list->pdata[i] = list->pdata[list->len - 1 - i];
        list->pdata[list->len - 1 - i] = first;
    }
}

gboolean
pst_memory_kills_read(const PstSysroot *sysroot, gint64 uptime_us, PstMemoryData *data,
                      GError **error)
{
    Reading reading = {.clock_us = clock_offset(sysroot, uptime_us)};
    gboolean done = pst_kernel_log_read(sysroot, take_record, &reading, error);

    pst_oom_line_clear(&reading.summary);
    if (reading.kills != NULL)
        turn_round(reading.kills);
    data->kills = reading.kills;
    return done;
}
