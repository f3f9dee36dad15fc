// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-judge.h"

#include "host-sidecar/host-words.h"

/* A kernel that spins in panic() takes 92 % of an emulated processor. What it waited for one of the
 * host's counts too, but a guest that hardly got one may well be alive. */
#define SPINNING_PERCENT 85
#define RAN_PERCENT 30
/* What the kernel's accounts can tell from nothing: they count in ticks of 10 ms. */
#define STILL_MS 10
#define JOB_LONG_MS 10000
/* Console and records pass through different pipes of virtlogd's. */
#define LATER_MS 1000

static gboolean
is(const char *word, const char *expected)
{
    return g_strcmp0(word, expected) == 0;
}

static gboolean
is_running(const PstHostData *data)
{
    return is(data->state, "running");
}

static gboolean
is_silent(const PstHostData *data)
{
    return data->asked == PST_TRI_YES && data->answered == PST_TRI_NO;
}

gboolean
pst_host_judge_is_monitor_silent(const PstHostData *data)
{
    const PstHostMonitor *monitor = data->monitor;

    return monitor != NULL &&
           (is(monitor->state, "error") ||
            (is(monitor->state, "occupied") && monitor->for_ms != PST_INT_UNKNOWN &&
             monitor->for_ms >= PST_HOST_JUDGE_BUSY_MS));
}

static gboolean
nobody_listens(const PstHostData *data)
{
    for (guint i = 0; data->channels != NULL && i < data->channels->len; i++) {
        const PstHostChannel *channel = data->channels->pdata[i];
        if (is(channel->state, "connected") && (is(channel->name, "org.postern.shim.0") ||
                                                is(channel->name, "org.qemu.guest_agent.0")))
            return FALSE;
    }
    return data->asked == PST_TRI_NO;
}

/* A kernel that idles without ticks uses as little, where those who would answer are stopped: what
 * is certain is that a QEMU stands still which does not answer libvirt either. */
static gboolean
stands_still(const PstHostData *data)
{
    gint64 total = pst_host_words_progress_ms(data);

    return pst_host_judge_is_monitor_silent(data) && total != PST_INT_UNKNOWN && total < STILL_MS;
}

/* Also where QEMU did not tell. */
static gboolean
may_use_disk(const PstHostData *data)
{
    if (data->memory == NULL)
        return TRUE;
    for (guint i = 0; data->disks != NULL && i < data->disks->len; i++)
        if (((PstHostDisk *)data->disks->pdata[i])->progress != 0)
            return TRUE;
    return FALSE;
}

/* The processor that panics spins, and stops the others. */
static gboolean
spins_idly(const PstHostData *data)
{
    guint n_spinning = 0;

    if (pst_host_words_progress_ms(data) == PST_INT_UNKNOWN || may_use_disk(data))
        return FALSE;
    for (guint i = 0; i < data->cpus->len; i++) {
        const PstHostCpu *cpu = data->cpus->pdata[i];
        gboolean spinning = cpu->busy_percent >= SPINNING_PERCENT &&
                            cpu->progress_ms * 100 >= data->watched_ms * RAN_PERCENT;
        if (!spinning && cpu->progress_ms > STILL_MS)
            return FALSE;
        n_spinning += spinning;
    }
    return n_spinning > 0;
}

static gboolean
spins(const PstHostData *data)
{
    return is_silent(data) && spins_idly(data);
}

static gboolean
has_used_disk(const PstHostData *data)
{
    for (guint i = 0; data->disks != NULL && i < data->disks->len; i++) {
        const PstHostDisk *disk = data->disks->pdata[i];
        if (disk->progress != PST_INT_UNKNOWN && disk->progress > 0)
            return TRUE;
    }
    return FALSE;
}

/* A panic's own lines are the last on the console, and every record is from before them. */
static gboolean
has_later_record(const PstHostData *data)
{
    return data->last_record != NULL && data->console->age_ms != PST_INT_UNKNOWN &&
           data->last_record->age_ms != PST_INT_UNKNOWN &&
           data->last_record->age_ms + LATER_MS < data->console->age_ms;
}

/* When the domain was off is known only as far as somebody looked. */
static gboolean
has_later_start(const PstHostData *data)
{
    guint n = data->lifecycle != NULL ? data->lifecycle->len : 0;
    const PstHostLifecycle *last = n > 0 ? data->lifecycle->pdata[n - 1] : NULL;

    if (last == NULL || last->before_us == PST_INT_UNKNOWN || !is(last->state, "running") ||
        !is(last->reason, "booted") || data->console->age_ms == PST_INT_UNKNOWN)
        return FALSE;
    gint64 not_yet_ms = last->age_ms + (last->seen_us - last->before_us) / 1000;
    return not_yet_ms + LATER_MS < data->console->age_ms;
}

/* What the guest did after the panic on its console; NULL where nothing of that is seen. */
static const char *
life_after_panic(const PstHostData *data)
{
    if (data->console->went_on == PST_TRI_YES)
        return "other lines came after it";
    if (has_later_record(data))
        return "its recorder has written since";
    if (has_later_start(data))
        return "it was started again since";
    return has_used_disk(data) ? "its disks are in use" : NULL;
}

static gboolean
has_panic_line(const PstHostData *data)
{
    return data->console != NULL && data->console->panic != NULL;
}

gboolean
pst_host_judge_may_have_panicked(const PstHostData *data)
{
    return is_running(data) && has_panic_line(data) && data->answered != PST_TRI_YES &&
           life_after_panic(data) == NULL;
}

/* What a QEMU does that does not answer libvirt says nothing of the guest's kernel. */
static gboolean
does_as_after_panic(const PstHostData *data)
{
    return !pst_host_judge_is_monitor_silent(data) && !may_use_disk(data) && spins_idly(data);
}

/* A line on the console is the guest's own word, perhaps of another time: it counts where the guest
 * was silent meanwhile; where nobody in it could be asked, only if its processors do as a kernel
 * does that has panicked. */
static gboolean
has_panicked(const PstHostData *data)
{
    if (is(data->reason, "panicked"))
        return TRUE;
    return pst_host_judge_may_have_panicked(data) &&
           (is_silent(data) || (data->asked == PST_TRI_NO && does_as_after_panic(data)));
}

gboolean
pst_host_judge_is_certain(const PstHostData *data)
{
    return !is_running(data) || has_panicked(data) || stands_still(data) || spins(data);
}

static void
quote_record(PstFinding *finding, const PstHostData *data)
{
    if (finding->evidence->text == NULL && data->last_record != NULL)
        finding->evidence->text = g_strdup(data->last_record->text);
}

static void
add_panic(PstReport *report, const PstHostData *data)
{
    const char *line = data->console != NULL ? data->console->panic : NULL;
    g_autofree char *record = pst_host_words_record(data);
    g_autofree char *since = is_running(data) ? g_strdup("") : pst_host_words_since(data);
    PstFinding *finding = pst_report_add(report, "host.panicked", PST_SEVERITY_CRITICAL,
                                         "the guest's kernel has panicked%s%s", since, record);

    finding->evidence->text = g_strdup(line);
    finding->evidence->source = g_strdup(line != NULL ? "the console's log" : "libvirt");
    quote_record(finding, data);
    finding->remedy = g_strdup(
        is_running(data) && !is_silent(data)
            ? "see its screen (virsh screenshot): a boot loader that waits looks the same; keep "
              "what there is (postern forensics; virsh dump), then virsh reset"
            : "keep what there is (postern records; virsh dump), then virsh reset");
}

static void
add_paused(PstReport *report, const PstHostData *data)
{
    gboolean io = is(data->reason, "I/O error");
    g_autofree char *record = pst_host_words_record(data);
    g_autofree char *since = pst_host_words_since(data);
    PstFinding *finding = pst_report_add(
        report, io ? "host.io-error" : "host.paused",
        io ? PST_SEVERITY_CRITICAL : PST_SEVERITY_UNKNOWN, "the guest is paused%s%s%s%s%s",
        data->reason != NULL ? " (" : "", data->reason != NULL ? data->reason : "",
        data->reason != NULL ? ")" : "", since, record);

    finding->evidence->source = g_strdup("libvirt");
    quote_record(finding, data);
    finding->remedy = g_strdup(io ? "mend the storage below its disk, then virsh resume"
                                  : "virsh resume, where nobody holds it on purpose");
}

/* Also what on_crash=destroy, libvirt's default, leaves of a panic that it was told of. */
static gboolean
has_crashed(const PstHostData *data)
{
    return is(data->state, "crashed") || (is(data->state, "off") && is(data->reason, "crashed"));
}

static void
add_crashed(PstReport *report, const PstHostData *data)
{
    gboolean quoted = has_panic_line(data) && life_after_panic(data) == NULL;
    g_autofree char *record = pst_host_words_record(data);
    g_autofree char *since = pst_host_words_since(data);
    g_autofree char *age = pst_host_words_console_age(data);
    PstFinding *finding = pst_report_add(
        report, "host.crashed", PST_SEVERITY_CRITICAL, "the guest is %s%s%s%s%s: %s%s%s",
        data->state, data->reason != NULL ? " (" : "", data->reason != NULL ? data->reason : "",
        data->reason != NULL ? ")" : "", since,
        quoted ? "a panic ends its console" : "its kernel panicked, or QEMU died or was killed",
        quoted ? age : "", record);

    if (quoted)
        finding->evidence->text = g_strdup(data->console->panic);
    finding->evidence->source = g_strdup(quoted ? "the console's log" : "libvirt");
    quote_record(finding, data);
    finding->remedy = g_strdup(
        "it may also be that QEMU was killed: see its log on the host; keep what there is (postern "
        "forensics) before it is started again, then virsh start");
}

static void
add_not_running(PstReport *report, const PstHostData *data)
{
    g_autofree char *record = pst_host_words_record(data);
    g_autofree char *since = pst_host_words_since(data);
    PstFinding *finding = pst_report_add(
        report, "host.not-running", PST_SEVERITY_UNKNOWN, "the guest is %s%s%s%s%s%s", data->state,
        data->reason != NULL ? " (" : "", data->reason != NULL ? data->reason : "",
        data->reason != NULL ? ")" : "", since, record);

    finding->evidence->source = g_strdup("libvirt");
    quote_record(finding, data);
    finding->remedy = g_strdup("virsh start, where it should run");
}

static void
add_stuck(PstReport *report, const PstHostData *data)
{
    gboolean still = stands_still(data);
    g_autofree char *cpus = pst_host_words_cpus(data);
    g_autofree char *record = pst_host_words_record(data);
    PstFinding *finding = pst_report_add(
        report, still ? "host.stands-still" : "host.spins", PST_SEVERITY_CRITICAL,
        still ? "the guest runs by libvirt's word, but its processors stand still%s%s"
              : "the guest answers nothing and its processors spin: its disks see no request%s%s",
        cpus, record);

    finding->evidence->source = g_strdup("libvirt");
    quote_record(finding, data);
    finding->remedy =
        g_strdup(still ? "see on the host whether its QEMU process is stopped, or waits for storage"
                       : "see its console; keep what there is (virsh dump), then virsh reset");
}

/* The host's own doing: it has other work. */
static gboolean
is_starved(const PstHostData *data)
{
    gint64 waited_ms = 0, progress_ms = pst_host_words_progress_ms(data);

    for (guint i = 0; progress_ms != PST_INT_UNKNOWN && i < data->cpus->len; i++) {
        const PstHostCpu *cpu = data->cpus->pdata[i];
        waited_ms += cpu->busy_percent * data->watched_ms / 100 - cpu->progress_ms;
    }
    return progress_ms != PST_INT_UNKNOWN && waited_ms > data->watched_ms / 2;
}

static void
add_unanswered(PstReport *report, const PstHostData *data)
{
    g_autofree char *cpus = pst_host_words_cpus(data);
    g_autofree char *record = pst_host_words_record(data);
    PstFinding *finding = NULL;

    if (is_silent(data) && is_starved(data)) {
        finding = pst_report_add(report, "host.starved", PST_SEVERITY_UNKNOWN,
                                 "the guest does not answer, and the host has no processor for "
                                 "it: it waits%s%s",
                                 cpus, record);
        finding->remedy = g_strdup("see what else runs on the host; ask again later");
    } else if (is_silent(data) || (data->asked == PST_TRI_NO && !nobody_listens(data))) {
        finding = pst_report_add(report, "host.no-answer", PST_SEVERITY_UNKNOWN,
                                 "the guest runs, and nothing in it answers%s%s", cpus, record);
        finding->remedy = g_strdup("ask again with a longer --deadline; see its console");
    } else if (nobody_listens(data)) {
        finding = pst_report_add(report, "host.nobody-listens", PST_SEVERITY_UNKNOWN,
                                 "the guest runs, and no process in it holds the shim's port or "
                                 "the agent's%s%s",
                                 cpus, record);
        finding->remedy = g_strdup("wait where it is starting; else see its console, and whether "
                                   "the domain has the channel and the guest the shim");
    }
    if (finding == NULL)
        return;
    finding->evidence->source = g_strdup("libvirt");
    quote_record(finding, data);
}

/* It may be of an earlier start: a kernel that starts quietly does not say its name there. */
static void
add_old_panic(PstReport *report, const PstHostData *data)
{
    gboolean open = data->asked != PST_TRI_YES || data->answered == PST_TRI_NO;

    if (!has_panic_line(data) || !is_running(data) || !open || has_panicked(data))
        return;
    const char *life = life_after_panic(data);
    g_autofree char *age = pst_host_words_console_age(data);
    PstFinding *finding =
        pst_report_add(report, "host.panic-on-console", PST_SEVERITY_WARNING,
                       "a panic stands on the console%s; %s%s", age,
                       life != NULL ? "it is not the last thing that the guest did: "
                                    : "whether the guest was started again since is not known",
                       life != NULL ? life : "");

    finding->evidence->text = g_strdup(data->console->panic);
    finding->evidence->source = g_strdup("the console's log");
    finding->remedy = g_strdup(data->asked == PST_TRI_UNKNOWN
                                   ? "ask the guest itself: postern diagnose"
                                   : "see its screen (virsh screenshot) and its console, and ask "
                                     "again: postern diagnose");
}

static void
add_monitor(PstReport *report, const PstHostData *data)
{
    const PstHostMonitor *monitor = data->monitor;

    if (!pst_host_judge_is_monitor_silent(data))
        return;
    PstFinding *finding = pst_report_add(
        report, "host.monitor-silent", PST_SEVERITY_CRITICAL,
        "QEMU itself does not answer libvirt (its monitor: %s for %.1f s)", monitor->state,
        (double)(monitor->for_ms != PST_INT_UNKNOWN ? monitor->for_ms : 0) / 1000);
    finding->evidence->source = g_strdup("libvirt");
    finding->remedy = g_strdup("see on the host whether its QEMU process is stopped, or waits for "
                               "storage; virsh destroy ends it");
}

/* A command that changes or asks something, of which libvirt tells neither what it is nor whose. */
static void
add_unnamed_job(PstReport *report, const PstHostData *data)
{
    const PstHostMonitor *monitor = data->monitor;

    if (monitor == NULL || !is(monitor->state, "job") || monitor->for_ms == PST_INT_UNKNOWN ||
        monitor->for_ms < JOB_LONG_MS)
        return;
    PstFinding *finding = pst_report_add(report, "host.job", PST_SEVERITY_WARNING,
                                         "another command has held the domain in libvirt for "
                                         "%" G_GINT64_FORMAT " s; libvirt does not say whose",
                                         monitor->for_ms / 1000);
    finding->evidence->source = g_strdup("libvirt");
    finding->remedy = g_strdup("libvirtd's log names who holds it (owned by) where another call "
                               "waited for it in vain");
}

static void
add_job(PstReport *report, const PstHostData *data)
{
    if (data->job == NULL || data->job->running_ms < JOB_LONG_MS) {
        add_unnamed_job(report, data);
        return;
    }
    PstFinding *finding =
        pst_report_add(report, "host.job", PST_SEVERITY_WARNING,
                       "libvirt has been at a %s of the domain for %" G_GINT64_FORMAT " s",
                       data->job->operation, data->job->running_ms / 1000);
    finding->evidence->source = g_strdup("libvirt");
    finding->remedy = g_strdup("virsh domjobinfo tells how far it is; virsh domjobabort ends it");
}

static void
add_disk_errors(PstReport *report, const PstHostData *data)
{
    for (guint i = 0; data->disks != NULL && i < data->disks->len; i++) {
        const PstHostDisk *disk = data->disks->pdata[i];
        if (disk->error == NULL)
            continue;
        PstFinding *finding =
            pst_report_add(report, "host.disk-error", PST_SEVERITY_CRITICAL,
                           "QEMU stopped at an error of disk %s: %s", disk->name, disk->error);
        finding->evidence->source = g_strdup("libvirt");
        finding->remedy = g_strdup("mend the storage below it, then virsh resume");
    }
}

/* What is seen while the guest's own words are missing. */
static void
add_state(PstReport *report, const PstHostData *data)
{
    if (has_panicked(data))
        add_panic(report, data);
    else if (is(data->state, "paused"))
        add_paused(report, data);
    else if (has_crashed(data))
        add_crashed(report, data);
    else if (!is_running(data))
        add_not_running(report, data);
    else if (stands_still(data) || spins(data))
        add_stuck(report, data);
    else
        add_unanswered(report, data);
}

static void
add_not_told(PstReport *report, const GPtrArray *not_told)
{
    for (guint i = 0; i < not_told->len; i++) {
        const char *what = not_told->pdata[i];
        PstFinding *finding = pst_report_add(report, "host.could-not-look", PST_SEVERITY_UNKNOWN,
                                             "the host can't tell everything: %s", what);
        finding->evidence->source = g_strdup("libvirt");
    }
}

void
pst_host_judge(PstReport *report, const GPtrArray *not_told)
{
    const PstHostData *data = report->data;
    g_autofree char *cpus = pst_host_words_cpus(data);
    g_autofree char *summary = g_strdup_printf(
        "%s%s%s%s%s", data->state, data->reason != NULL ? " (" : "",
        data->reason != NULL ? data->reason : "", data->reason != NULL ? ")" : "", cpus);

    add_state(report, data);
    add_old_panic(report, data);
    add_disk_errors(report, data);
    add_monitor(report, data);
    add_job(report, data);
    add_not_told(report, not_told);
    pst_report_conclude(report, summary);
}

void
pst_host_judge_merge(PstReport *report, PstReport *other)
{
    g_autoptr(PstReport) emptied = other;
    g_autofree char *summary = g_strdup(report->summary);

    while (emptied->findings->len > 0)
        g_ptr_array_add(report->findings, g_ptr_array_steal_index(emptied->findings, 0));
    pst_report_conclude(report, summary);
}
