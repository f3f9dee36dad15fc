// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/memory-facts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "guest-shim/memory-groups.h"
#include "guest-shim/memory-kills.h"
#include "guest-shim/process-list.h"
#include "protocol/error.h"

#define MAX_TABLE (64 * 1024)
#define MAX_LARGEST 10

/* The number behind KEY at the beginning of a line of TEXT; unknown where there is none. */
static gint64
number_of(const char *text, const char *key)
{
    gsize len = strlen(key);

    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) != 0)
            continue;
        const char *number = line + len + strspn(line + len, ": \t");
        if (g_ascii_isdigit(*number))
            return g_ascii_strtoll(number, NULL, 10);
    }
    return PST_INT_UNKNOWN;
}

static gint64
kib_of(const char *text, const char *key)
{
    gint64 kib = number_of(text, key);

    return kib == PST_INT_UNKNOWN || kib > G_MAXINT64 / 1024 ? PST_INT_UNKNOWN : kib * 1024;
}

/* Kernels before 3.14 do not say what is available: about this much. */
static gint64
estimate_available(const char *text)
{
    gint64 free = kib_of(text, "MemFree:"), cached = kib_of(text, "Cached:"),
           shared = kib_of(text, "Shmem:");

    if (free == PST_INT_UNKNOWN || cached == PST_INT_UNKNOWN)
        return PST_INT_UNKNOWN;
    return free + MAX(0, cached - (shared != PST_INT_UNKNOWN ? shared : 0));
}

static gint64
huge_pages(const char *text, const char *key)
{
    gint64 n = number_of(text, key), size = kib_of(text, "Hugepagesize:");

    if (n == PST_INT_UNKNOWN || size == PST_INT_UNKNOWN || (size > 0 && n > G_MAXINT64 / size))
        return PST_INT_UNKNOWN;
    return n * size;
}

static gint64
read_number(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *text = pst_sysroot_read_line(sysroot, path, NULL);

    return text != NULL ? number_of(text, "") : PST_INT_UNKNOWN;
}

/* Of proc_meminfo(5). */
static void
read_sizes(const PstSysroot *sysroot, PstMemoryData *data, PstMemoryFacts *facts)
{
    g_autofree char *text =
        pst_sysroot_read(sysroot, "/proc/meminfo", MAX_TABLE, NULL, &facts->sizes_error);

    if (text == NULL)
        return;
    PstMemorySizes *sizes = pst_fields_new(&pst_report_memory_sizes_fields);
    gint64 stacks = kib_of(text, "KernelStack:"), tables = kib_of(text, "PageTables:"),
           slab = kib_of(text, "SUnreclaim:");
    data->sizes = sizes;
    sizes->total_bytes = kib_of(text, "MemTotal:");
    sizes->available_bytes = kib_of(text, "MemAvailable:");
    if (sizes->available_bytes == PST_INT_UNKNOWN)
        sizes->available_bytes = estimate_available(text);
    sizes->free_bytes = kib_of(text, "MemFree:");
    sizes->swap_total_bytes = kib_of(text, "SwapTotal:");
    sizes->swap_free_bytes = kib_of(text, "SwapFree:");
    sizes->shared_bytes = kib_of(text, "Shmem:");
    if (slab != PST_INT_UNKNOWN)
        sizes->kernel_fixed_bytes = slab + MAX(0, stacks) + MAX(0, tables);
    sizes->huge_pages_bytes = huge_pages(text, "HugePages_Total:");
    sizes->huge_pages_free_bytes = huge_pages(text, "HugePages_Free:");
    sizes->committed_bytes = kib_of(text, "Committed_AS:");
    sizes->commit_limit_bytes = kib_of(text, "CommitLimit:");
    sizes->overcommit = read_number(sysroot, "/proc/sys/vm/overcommit_memory");
    if (sizes->total_bytes == PST_INT_UNKNOWN || sizes->available_bytes == PST_INT_UNKNOWN)
        g_set_error(&facts->sizes_error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "/proc/meminfo: does not say how much there is");
}

/* "12.34" as 1234; unknown for what is not of that form. */
static gint64
basis_points(const char *line, const char *key)
{
    const char *at = line != NULL ? strstr(line, key) : NULL;
    char *end;

    if (at == NULL || !g_ascii_isdigit(at[strlen(key)]))
        return PST_INT_UNKNOWN;
    gint64 whole = g_ascii_strtoll(at + strlen(key), &end, 10);
    if (whole > 100 || end[0] != '.' || !g_ascii_isdigit(end[1]) || !g_ascii_isdigit(end[2]))
        return PST_INT_UNKNOWN;
    return whole * 100 + (end[1] - '0') * 10 + (end[2] - '0');
}

/* Two lines, "some" and "full", as psi.rst of the kernel's docs has them. */
static void
read_pressure(const PstSysroot *sysroot, const char *resource, PstMemoryData *data)
{
    g_autofree char *path = g_strconcat("/proc/pressure/", resource, NULL);
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_TABLE, NULL, NULL);
    const char *full = text != NULL ? strstr(text, "full ") : NULL;

    if (text == NULL || !g_str_has_prefix(text, "some "))
        return;
    PstMemoryPressure *pressure =
        pst_fields_append(&pst_report_memory_pressure_fields, &data->pressure);
    pressure->resource = g_strdup(resource);
    pressure->some_avg10_basis_points = basis_points(text, "avg10=");
    pressure->some_avg60_basis_points = basis_points(text, "avg60=");
    pressure->some_avg300_basis_points = basis_points(text, "avg300=");
    pressure->full_avg10_basis_points = basis_points(full, "avg10=");
    pressure->full_avg60_basis_points = basis_points(full, "avg60=");
    pressure->full_avg300_basis_points = basis_points(full, "avg300=");
}

/* Processes and threads: the number behind the slash in proc_loadavg(5). Open files: the first and
 * the last one of file-nr in proc_sys_fs(5). */
static void
read_limits(const PstSysroot *sysroot, PstMemoryData *data)
{
    PstMemoryLimits *limits = pst_fields_new(&pst_report_memory_limits_fields);
    g_autofree char *load = pst_sysroot_read_line(sysroot, "/proc/loadavg", NULL);
    g_autofree char *files = pst_sysroot_read_line(sysroot, "/proc/sys/fs/file-nr", NULL);
    const char *slash = load != NULL ? strchr(load, '/') : NULL;
    long long open, most;

    data->limits = limits;
    limits->tasks = slash != NULL ? number_of(slash + 1, "") : PST_INT_UNKNOWN;
    limits->tasks_max = read_number(sysroot, "/proc/sys/kernel/threads-max");
    limits->pid_max = read_number(sysroot, "/proc/sys/kernel/pid_max");
    if (files == NULL || sscanf(files, "%lld %*d %lld", &open, &most) != 2)
        return;
    limits->files_open = open;
    limits->files_max = most;
}

static int
compare_sizes(gconstpointer a, gconstpointer b)
{
    const PstProcess *first = *(PstProcess *const *)a, *second = *(PstProcess *const *)b;

    return (first->rss_bytes < second->rss_bytes) - (first->rss_bytes > second->rss_bytes);
}

static void
tell_process(const PstSysroot *sysroot, const PstProcess *process, PstMemoryData *data)
{
    PstMemoryProcess *told = pst_fields_append(&pst_report_memory_process_fields, &data->processes);

    told->pid = process->pid;
    told->name = g_strdup(process->name);
    told->uid = pst_process_list_uid(sysroot, process->pid);
    told->rss_bytes = process->rss_bytes;
    told->threads = process->threads;
    told->unit = pst_process_list_unit(sysroot, process->pid);
}

static void
read_processes(const PstSysroot *sysroot, PstMemoryData *data, PstMemoryFacts *facts)
{
    gboolean cut = FALSE;
    g_autoptr(GPtrArray) all = pst_process_list_read(sysroot, &cut, &facts->processes_error);

    if (all == NULL)
        return;
    facts->cut |= cut;
    data->limits->uninterruptible = data->limits->zombies = 0;
    for (guint i = 0; i < all->len; i++) {
        const PstProcess *process = all->pdata[i];

        data->limits->uninterruptible += process->state == 'D';
        data->limits->zombies += process->state == 'Z';
    }
    g_ptr_array_sort(all, compare_sizes);
    for (guint i = 0; i < all->len && i < MAX_LARGEST; i++)
        tell_process(sysroot, all->pdata[i], data);
}

static gint64
read_uptime(const PstSysroot *sysroot)
{
    gint64 seconds = read_number(sysroot, "/proc/uptime");

    return seconds != PST_INT_UNKNOWN && seconds < G_MAXINT64 / G_USEC_PER_SEC
               ? seconds * G_USEC_PER_SEC
               : PST_INT_UNKNOWN;
}

PstMemoryFacts *
pst_memory_facts_read(const PstProbeContext *context, PstMemoryData *data)
{
    static const char *const resources[] = {"cpu", "memory", "io"};
    const PstSysroot *sysroot = context->sysroot;
    PstMemoryFacts *facts = g_new0(PstMemoryFacts, 1);
    g_autofree char *counters = pst_sysroot_read(sysroot, "/proc/vmstat", MAX_TABLE, NULL, NULL);

    facts->uptime_us = read_uptime(sysroot);
    read_sizes(sysroot, data, facts);
    for (guint i = 0; i < G_N_ELEMENTS(resources); i++)
        read_pressure(sysroot, resources[i], data);
    data->oom_kills = counters != NULL ? number_of(counters, "oom_kill ") : PST_INT_UNKNOWN;
    /* Where the counter says that there was none, there is nothing to be named. */
    if (data->oom_kills != 0)
        pst_memory_kills_read(sysroot, facts->uptime_us, data, &facts->log_error);
    read_limits(sysroot, data);
    read_processes(sysroot, data, facts);
    facts->cut |= pst_memory_groups_read(context, data);
    return facts;
}

void
pst_memory_facts_free(PstMemoryFacts *facts)
{
    g_clear_error(&facts->sizes_error);
    g_clear_error(&facts->log_error);
    g_clear_error(&facts->processes_error);
    g_free(facts);
}
