// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/memory-judge.h"

#include "guest-shim/bytes-text.h"
#include "guest-shim/memory-judge-parts.h"

#define MEBI ((gint64)1024 * 1024)
#define MAX_NAMED 3

/* A share alone accuses large guests that have room enough, an amount alone small ones that are
 * sound (one of 512 MiB has 350 left after its start): both must be passed. */
#define LOW_SHARE 20
#define LOW_BYTES (256 * MEBI)
#define GONE_SHARE 50
#define GONE_BYTES (64 * MEBI)
#define SWAP_SHARE 10

/* In basis points of the time, over a minute: short stalls are everyday, as at a start. */
#define FULL_BAD 1000
#define FULL_WORSE 4000
#define SOME_BAD 4000
/* Disks are waited for whenever much is read; only where that is nearly all, for minutes, something
 * is wrong with them. */
#define IO_60_BAD 9000
#define IO_300_BAD 7000
#define CPU_BAD 9500

static gboolean
is_below(gint64 amount, gint64 total, gint64 share, gint64 bytes)
{
    return amount < MIN(total / share, bytes);
}

static gboolean
has_swap_left(const PstMemorySizes *sizes)
{
    return sizes->swap_free_bytes != PST_INT_UNKNOWN &&
           sizes->swap_free_bytes > sizes->total_bytes / SWAP_SHARE;
}

static gboolean
is_low(const PstMemorySizes *sizes)
{
    return sizes != NULL && sizes->total_bytes != PST_INT_UNKNOWN &&
           sizes->available_bytes != PST_INT_UNKNOWN && sizes->total_bytes > 0 &&
           is_below(sizes->available_bytes, sizes->total_bytes, LOW_SHARE, LOW_BYTES);
}

static void
append_amount(GString *text, const char *words, gint64 bytes)
{
    g_autofree char *amount = bytes != PST_INT_UNKNOWN ? pst_bytes_text(bytes) : NULL;

    if (amount != NULL)
        g_string_append_printf(text, "%s%s %s", text->len > 0 ? "; " : "", words, amount);
}

/* Where it went: the largest processes, and what no process' size shows. */
static char *
tell_uses(const PstMemoryData *data)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; data->processes != NULL && i < data->processes->len && i < MAX_NAMED; i++) {
        const PstMemoryProcess *process = data->processes->pdata[i];
        g_autofree char *words = g_strdup_printf("%s (pid %" G_GINT64_FORMAT "%s%s)", process->name,
                                                 process->pid, process->unit != NULL ? ", " : "",
                                                 process->unit != NULL ? process->unit : "");

        append_amount(text, words, process->rss_bytes);
    }
    append_amount(text, "tmpfs and shared memory", data->sizes->shared_bytes);
    append_amount(text, "the kernel", data->sizes->kernel_fixed_bytes);
    append_amount(text, "huge pages", data->sizes->huge_pages_bytes);
    return g_string_free(text, FALSE);
}

/* Set aside for huge pages and not used as such: nobody else can have it. */
static gboolean
is_hoarded(const PstMemorySizes *sizes)
{
    return sizes != NULL && sizes->huge_pages_bytes != PST_INT_UNKNOWN &&
           sizes->huge_pages_free_bytes != PST_INT_UNKNOWN &&
           sizes->total_bytes != PST_INT_UNKNOWN &&
           sizes->huge_pages_free_bytes > sizes->total_bytes / 4;
}

static void
judge_huge_pages(const PstMemorySizes *sizes, PstReport *report)
{
    if (!is_hoarded(sizes))
        return;
    g_autofree char *unused = pst_bytes_text(sizes->huge_pages_free_bytes);
    g_autofree char *total = pst_bytes_text(sizes->total_bytes);
    PstFinding *finding = pst_report_add(
        report, "memory.huge-pages",
        is_low(sizes) ? PST_SEVERITY_WARNING : PST_SEVERITY_INFORMATION,
        "%s of the guest's %s are set aside for huge pages and not used", unused, total);
    finding->evidence->path = g_strdup("/proc/meminfo");
    finding->remedy = g_strdup("sysctl vm.nr_hugepages=NUMBER, and the same in /etc/sysctl.d or on "
                               "the kernel's command line");
}

static const char *
judge_low(const PstMemoryData *data, PstReport *report)
{
    const PstMemorySizes *sizes = data->sizes;

    if (!is_low(sizes))
        return NULL;
    gboolean gone = is_below(sizes->available_bytes, sizes->total_bytes, GONE_SHARE, GONE_BYTES) &&
                    !has_swap_left(sizes);
    g_autofree char *left = pst_bytes_text(sizes->available_bytes);
    g_autofree char *total = pst_bytes_text(sizes->total_bytes);
    g_autofree char *swap =
        pst_bytes_text(sizes->swap_free_bytes != PST_INT_UNKNOWN ? sizes->swap_free_bytes : 0);
    PstFinding *finding =
        pst_report_add(report, "memory.low", gone ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                       "%s of %s of memory are left, and %s of swap", left, total, swap);
    finding->evidence->path = g_strdup("/proc/meminfo");
    finding->evidence->text = tell_uses(data);
    finding->caused_by = g_strdup(is_hoarded(sizes) ? "memory.huge-pages" : NULL);
    finding->remedy = g_strdup("end or limit what uses most of it (see the evidence), or give the "
                               "guest more: on the host, virsh setmem DOMAIN SIZE");
    return finding->id;
}

static void
judge_commit(const PstMemorySizes *sizes, PstReport *report)
{
    if (sizes == NULL || sizes->overcommit != 2 || sizes->committed_bytes == PST_INT_UNKNOWN ||
        sizes->commit_limit_bytes == PST_INT_UNKNOWN || sizes->commit_limit_bytes <= 0 ||
        sizes->committed_bytes < sizes->commit_limit_bytes - sizes->commit_limit_bytes / 20)
        return;
    g_autofree char *committed = pst_bytes_text(sizes->committed_bytes);
    g_autofree char *limit = pst_bytes_text(sizes->commit_limit_bytes);
    PstFinding *finding = pst_report_add(
        report, "memory.commit-limit", PST_SEVERITY_WARNING,
        "%s are promised to processes, of at most %s: programs are refused memory though there is "
        "some",
        committed, limit);
    finding->evidence->path = g_strdup("/proc/sys/vm/overcommit_memory");
    finding->evidence->text = g_strdup("2");
    finding->remedy = g_strdup("sysctl vm.overcommit_ratio=PERCENT, or vm.overcommit_memory=0");
}

static PstFinding *
add_pressure(PstReport *report, const char *id, PstSeverity severity,
             const PstMemoryPressure *pressure, gint64 share, const char *words)
{
    PstFinding *finding = pst_report_add(
        report, id, severity, "%s %" G_GINT64_FORMAT "%% of the %s", words, share / 100,
        g_str_equal(pressure->resource, "cpu") ? "last 5 minutes" : "last minute");

    finding->evidence->path = g_strdup_printf("/proc/pressure/%s", pressure->resource);
    return finding;
}

static void
judge_pressure(const PstMemoryPressure *pressure, const char *cause, PstReport *report)
{
    gint64 some = pressure->some_avg60_basis_points, full = pressure->full_avg60_basis_points;
    PstFinding *finding;

    if (g_str_equal(pressure->resource, "memory") && (full >= FULL_BAD || some >= SOME_BAD)) {
        finding = add_pressure(report, "memory.pressure",
                               full >= FULL_WORSE ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                               pressure, some, "programs waited for memory in");
        finding->caused_by = g_strdup(cause);
        finding->remedy = g_strdup("end or limit what uses most memory (data.processes), or give "
                                   "the guest more");
    } else if (g_str_equal(pressure->resource, "io") && full >= IO_60_BAD &&
               pressure->full_avg300_basis_points >= IO_300_BAD) {
        finding = add_pressure(report, "memory.io-pressure", PST_SEVERITY_WARNING, pressure, full,
                               "all that had work to do waited for disks in");
        finding->remedy = g_strdup("look at the storage and its load on the host: virsh domblkstat "
                                   "DOMAIN; in the guest iotop names who reads and writes");
    } else if (g_str_equal(pressure->resource, "cpu") &&
               pressure->some_avg300_basis_points >= CPU_BAD) {
        finding =
            add_pressure(report, "memory.cpu-pressure", PST_SEVERITY_INFORMATION, pressure,
                         pressure->some_avg300_basis_points, "programs waited for a processor in");
        finding->remedy = g_strdup("top names who uses it; on the host, virsh domstats DOMAIN "
                                   "--vcpu tells how much of it the guest gets");
    }
}

void
pst_memory_judge(const PstMemoryFacts *facts, const PstMemoryData *data, PstReport *report)
{
    if (facts->sizes_error != NULL)
        pst_probe_add_unlooked(report, "memory.could-not-look", "the memory", facts->sizes_error);
    if (facts->processes_error != NULL)
        pst_probe_add_unlooked(report, "memory.could-not-look", "the processes",
                               facts->processes_error);
    judge_huge_pages(data->sizes, report);
    const char *cause = judge_low(data, report);
    pst_memory_judge_kills(facts, data, report);
    pst_memory_judge_limits(data, report);
    judge_commit(data->sizes, report);
    for (guint i = 0; data->pressure != NULL && i < data->pressure->len; i++)
        judge_pressure(data->pressure->pdata[i], cause, report);
}
