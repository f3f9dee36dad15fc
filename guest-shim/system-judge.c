// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/system-judge.h"

#include "guest-shim/initramfs-judge.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

#define MINUTE_MS (60 * 1000)
#define DAY_MS (24 * 60 * 60 * 1000)
#define BOOT_PATIENCE_S 300
#define MAX_NAMES 8
/* More than a start or a stop may take by default (DefaultTimeoutStartSec of
 * systemd-system.conf(5)). */
#define JOB_PATIENCE_MS (120 * 1000)

/* Bits of the taint mask that tell of a defect: the kernel died once (D), a bad page (B), a machine
 * check (M), a warning (W), a soft lockup (L). The others only tell what was loaded or set. */
#define TAINT_DEFECTS (1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14)

/* The first few of NAMES with commas, and how many there are more. */
static char *
enumerate(char **names)
{
    GString *text = g_string_new(NULL);
    guint n = names != NULL ? g_strv_length(names) : 0;

    for (guint i = 0; i < n && i < MAX_NAMES; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", names[i]);
    if (n > MAX_NAMES)
        g_string_append_printf(text, " and %u more", n - MAX_NAMES);
    return g_string_free(text, FALSE);
}

/* The jobs that run now: the others wait for these. */
static char *
running_jobs(const PstSystemManager *manager)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; manager->jobs != NULL && i < manager->jobs->len; i++) {
        const PstSystemJob *job = manager->jobs->pdata[i];
        if (g_strcmp0(job->state, "running") == 0)
            g_strv_builder_add(builder, job->unit);
    }
    g_auto(GStrv) names = g_strv_builder_end(builder);
    return enumerate(names);
}

static gboolean
has_target(const PstSystemManager *manager, const char *target)
{
    return manager->targets != NULL &&
           g_strv_contains((const char *const *)manager->targets, target);
}

static gboolean
is_state(const PstSystemData *data, const char *state)
{
    return data->manager != NULL && g_strcmp0(data->manager->state, state) == 0;
}

static gboolean
is_starting(const PstSystemData *data)
{
    return is_state(data, "initializing") || is_state(data, "starting");
}

static void
judge_pid1(const PstSystemData *data, const GError *error, PstReport *report)
{
    PstFinding *finding;

    if (error == NULL)
        return;
    if (g_error_matches(error, PST_ERROR, PST_ERROR_ABSENT) && data->manager == NULL) {
        /* In an initramfs that is how it is. */
        if (data->early == NULL)
            pst_report_add(report, "system.no-systemd", PST_SEVERITY_INFORMATION, "%s",
                           error->message);
        return;
    }
    /* Only a refusal, or a connection that PID 1 closed, proves anything. */
    if (!g_error_matches(error, PST_ERROR, PST_ERROR_UNAVAILABLE) ||
        (data->manager != NULL && g_strcmp0(data->manager->source, "systemctl") == 0)) {
        finding = pst_report_add(report, "system.could-not-look", PST_SEVERITY_UNKNOWN,
                                 "systemd could not be asked: %s", error->message);
        finding->evidence->error = g_strdup(error->message);
        return;
    }
    finding = pst_report_add(report, "system.pid1-not-answering", PST_SEVERITY_CRITICAL,
                             "PID 1 does not answer: no unit can be started or stopped");
    finding->evidence->path = g_strdup("/run/systemd/private");
    finding->evidence->error = g_strdup(error->message);
    finding->remedy =
        g_strdup("only a reset of the guest mends a crashed PID 1: on the host, virsh "
                 "reset DOMAIN; what runs goes on running until then");
}

/* In maintenance the failed unit that led there is most often a mount's or its check's. */
static gboolean
leads_to_emergency(char **failed)
{
    for (guint i = 0; failed != NULL && failed[i] != NULL; i++)
        if (g_str_has_suffix(failed[i], ".mount") || g_str_has_suffix(failed[i], ".swap") ||
            g_str_has_prefix(failed[i], "systemd-fsck") ||
            g_str_has_prefix(failed[i], "systemd-remount-fs") ||
            g_str_has_prefix(failed[i], "systemd-cryptsetup"))
            return TRUE;
    return FALSE;
}

static void
judge_failed(const PstSystemData *data, PstReport *report)
{
    const PstSystemManager *manager = data->manager;

    if (manager->n_failed == PST_INT_UNKNOWN || manager->n_failed <= 0)
        return;
    g_autofree char *names = enumerate(manager->failed);
    PstFinding *finding =
        pst_report_add(report, "system.units-failed", PST_SEVERITY_WARNING,
                       "%" G_GINT64_FORMAT " unit%s failed: %s", manager->n_failed,
                       manager->n_failed == 1 ? "" : "s", names);
    if (manager->failed != NULL && manager->failed[0] != NULL)
        finding->evidence->unit = g_strdup(manager->failed[0]);
    finding->evidence->source = g_strdup(manager->source);
    finding->remedy = g_strdup("the probe services tells why each of them failed");
}

static PstFinding *
judge_maintenance(const PstSystemData *data, PstReport *report)
{
    const PstSystemManager *manager = data->manager;
    PstFinding *finding = NULL;

    if (has_target(manager, "emergency.target"))
        finding =
            pst_report_add(report, "system.emergency", PST_SEVERITY_CRITICAL,
                           "the guest is in emergency mode: only a root shell on the console");
    else if (has_target(manager, "rescue.target"))
        finding = pst_report_add(report, "system.rescue", PST_SEVERITY_CRITICAL,
                                 "the guest is in rescue mode: only a root shell on the console");
    if (finding == NULL)
        return NULL;
    if (leads_to_emergency(manager->failed))
        finding->caused_by = g_strdup("system.units-failed");
    finding->evidence->source = g_strdup(manager->source);
    finding->remedy = g_strdup("mend what failed, then: systemctl default");
    return finding;
}

static const char *
judge_transition(const PstSystemData *data, PstReport *report)
{
    g_autofree char *jobs = running_jobs(data->manager);
    const char *waiting = *jobs != '\0' ? "; it waits for " : "";
    PstFinding *finding;

    if (is_starting(data)) {
        gboolean late = data->uptime_s != PST_INT_UNKNOWN && data->uptime_s > BOOT_PATIENCE_S;

        finding = pst_report_add(report, "system.starting",
                                 late ? PST_SEVERITY_WARNING : PST_SEVERITY_INFORMATION,
                                 "the guest is still starting%s%s", waiting, jobs);
    } else if (is_state(data, "stopping")) {
        finding = pst_report_add(report, "system.stopping", PST_SEVERITY_CRITICAL,
                                 "the guest is shutting down%s%s", waiting, jobs);
    } else {
        return NULL;
    }
    finding->evidence->source = g_strdup(data->manager->source);
    finding->remedy = g_strdup("systemctl list-jobs names what is waited for; systemctl cancel ID "
                               "gives one up");
    return finding->id;
}

/* The job that holds up most, by time: of those that run for longer than a start may take by
 * default. */
static const PstSystemJob *
find_stuck(const PstSystemManager *manager, guint *waiting)
{
    const PstSystemJob *stuck = NULL;

    *waiting = 0;
    for (guint i = 0; manager->jobs != NULL && i < manager->jobs->len; i++) {
        const PstSystemJob *job = manager->jobs->pdata[i];

        if (g_strcmp0(job->state, "running") != 0)
            *waiting += 1;
        else if (job->unit_ms != PST_INT_UNKNOWN && job->unit_ms > JOB_PATIENCE_MS &&
                 (stuck == NULL || job->unit_ms > stuck->unit_ms))
            stuck = job;
    }
    return stuck;
}

/* After the start: what is asked for then waits, and so does whoever asked. */
static void
judge_jobs(const PstSystemData *data, PstReport *report)
{
    guint waiting;
    const PstSystemJob *stuck = find_stuck(data->manager, &waiting);

    if (stuck == NULL)
        return;
    g_autofree char *others = waiting > 0 ? g_strdup_printf("; %u other job%s", waiting,
                                                            waiting == 1 ? " waits" : "s wait")
                                          : g_strdup("");
    PstFinding *finding =
        pst_report_add(report, "system.jobs-stuck", PST_SEVERITY_WARNING,
                       "the job to %s %s has not ended for %" G_GINT64_FORMAT " min%s", stuck->type,
                       stuck->unit, stuck->unit_ms / MINUTE_MS, others);
    finding->evidence->unit = g_strdup(stuck->unit);
    finding->evidence->source = g_strdup(data->manager->source);
    g_autofree char *word = pst_shell_word(stuck->unit);
    finding->remedy = g_strdup_printf("journalctl -b -u %s tells what it does; systemctl "
                                      "list-jobs names the jobs, systemctl cancel ID gives one up",
                                      word);
}

static void
judge_target(const PstSystemData *data, PstReport *report)
{
    const PstSystemManager *manager = data->manager;

    if ((!is_state(data, "running") && !is_state(data, "degraded")) ||
        manager->default_target == NULL || manager->targets == NULL ||
        has_target(manager, manager->default_target))
        return;
    PstFinding *finding =
        pst_report_add(report, "system.target-not-reached", PST_SEVERITY_WARNING,
                       "%s, to which a start leads, is not active", manager->default_target);
    if (manager->n_failed > 0)
        finding->caused_by = g_strdup("system.units-failed");
    finding->evidence->unit = g_strdup(manager->default_target);
    finding->evidence->source = g_strdup(manager->source);
    finding->remedy = g_strdup("systemctl default");
}

static void
judge_manager(const PstSystemData *data, const PstSystemFacts *facts, PstReport *report)
{
    const char *cause = NULL;
    PstFinding *finding;

    if (data->manager != NULL) {
        judge_failed(data, report);
        finding = judge_maintenance(data, report);
        cause = finding != NULL ? finding->id : judge_transition(data, report);
        if (finding == NULL)
            judge_target(data, report);
        if (cause == NULL)
            judge_jobs(data, report);
    }
    if (facts->nologin_path == NULL)
        return;
    finding = pst_report_add(report, "system.nologin",
                             is_starting(data) ? PST_SEVERITY_WARNING : PST_SEVERITY_CRITICAL,
                             "%s is there: only root may log in", facts->nologin_path);
    finding->evidence->path = g_strdup(facts->nologin_path);
    /* systemd makes the one in /run itself while users are not to log in, and removes it
     * afterwards. */
    if (g_str_has_prefix(facts->nologin_path, "/run/"))
        finding->caused_by = g_strdup(cause);
    if (finding->caused_by == NULL)
        finding->remedy = g_strdup_printf("rm %s", facts->nologin_path);
}

static void
judge_clock(const PstSystemData *data, const PstSystemFacts *facts, PstReport *report)
{
    PstFinding *finding;

    if (data->clock == NULL || data->clock->realtime_us == PST_INT_UNKNOWN)
        return;
    if (data->clock->drift_ms != PST_INT_UNKNOWN) {
        gint64 drift_ms = data->clock->drift_ms;

        if (ABS(drift_ms) <= MINUTE_MS)
            return;
        finding =
            pst_report_add(report, "system.clock-off",
                           ABS(drift_ms) > DAY_MS ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                           "the clock is %" G_GINT64_FORMAT " s %s the host's",
                           ABS(drift_ms) / 1000, drift_ms > 0 ? "ahead of" : "behind");
    } else if (facts->newest_us / 1000 - data->clock->realtime_us / 1000 > DAY_MS) {
        finding = pst_report_add(report, "system.clock-off", PST_SEVERITY_WARNING,
                                 "the clock is behind: %s was written later than now",
                                 facts->newest_path);
        finding->evidence->path = g_strdup(facts->newest_path);
    } else {
        return;
    }
    g_autoptr(GDateTime) now =
        g_date_time_new_from_unix_utc(data->clock->realtime_us / G_USEC_PER_SEC);
    if (now != NULL)
        finding->evidence->text = g_date_time_format_iso8601(now);
    finding->remedy =
        g_strdup("set it: date --utc --set=@SECONDS, and see that a time service runs");
}

static void
judge_kernel(const PstSystemData *data, PstReport *report)
{
    gint64 taint = data->kernel->taint;
    gboolean defect = taint != PST_INT_UNKNOWN && (taint & TAINT_DEFECTS) != 0;

    if (taint == PST_INT_UNKNOWN || taint == 0)
        return;
    PstFinding *finding = pst_report_add(
        report, "system.kernel-tainted", defect ? PST_SEVERITY_WARNING : PST_SEVERITY_INFORMATION,
        "the kernel is tainted (%s)%s", data->kernel->taint_letters,
        defect ? ": it has met a defect since it was started" : "");
    finding->evidence->path = g_strdup("/proc/sys/kernel/tainted");
    finding->evidence->text = g_strdup_printf("%" G_GINT64_FORMAT, taint);
    if (defect)
        finding->remedy = g_strdup("read the kernel's messages (journal with kernel=true), then "
                                   "restart the guest");
}

static const struct {
    PstSeverity severity;
    const char *words;
} roots[] = {
    [PST_FSTAB_UNSAID] = {PST_SEVERITY_WARNING,
                          ", and neither /etc/fstab nor the kernel's command line says "
                          "whether it is meant to be"},
    [PST_FSTAB_READ_ONLY] = {PST_SEVERITY_INFORMATION, ", as it is meant to be"},
    [PST_FSTAB_WRITABLE] = {PST_SEVERITY_CRITICAL, ""},
};

static void
judge_root(const PstSystemData *data, const PstSystemFacts *facts, PstReport *report)
{
    PstFinding *finding;

    if (data->root_read_only != PST_TRI_YES)
        return;
    finding = pst_report_add(report, "system.root-read-only", roots[facts->root_meant].severity,
                             "the root file system is read-only%s", roots[facts->root_meant].words);
    finding->evidence->path = g_strdup("/proc/self/mountinfo");
    finding->evidence->text = g_strdup(facts->root_line);
    if (facts->root_meant != PST_FSTAB_READ_ONLY)
        finding->remedy = g_strdup("look for errors of its disk in the kernel's messages first; "
                                   "then: mount -o remount,rw /");
}

static void
judge_daemons(const PstSystemData *data, PstReport *report)
{
    static const struct {
        const char *state, *finding, *message, *remedy;
    } rows[] = {
        {"stuck", "system.dbus-stuck",
         "the D-Bus daemon is stopped by a signal: whoever asks it waits",
         "systemctl kill --signal=CONT dbus.service"},
        {"silent", "system.dbus-stuck",
         "the D-Bus daemon runs and does not answer: whoever asks it waits",
         "see first what it waits for: systemctl status dbus.service, and the wchan of its process "
         "in /proc; a restart of it takes every session's connection away"},
        {"stopped", "system.dbus-stopped",
         "the D-Bus daemon does not run, and its socket does not listen",
         "systemctl start dbus.socket dbus.service"},
    };

    /* Where the guest is in maintenance the daemon is not meant to run. */
    if (data->early != NULL || is_state(data, "maintenance") || is_starting(data) ||
        is_state(data, "stopping"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_strcmp0(data->dbus, rows[i].state) != 0)
            continue;
        PstFinding *finding =
            pst_report_add(report, rows[i].finding, PST_SEVERITY_WARNING, "%s", rows[i].message);
        finding->evidence->unit = g_strdup("dbus.service");
        finding->evidence->path = g_strdup("/run/dbus/system_bus_socket");
        finding->remedy = g_strdup(rows[i].remedy);
    }
}

void
pst_system_judge(const PstSystemData *data, const PstSystemFacts *facts,
                 const GError *manager_error, PstReport *report)
{
    if (data->early != NULL)
        pst_initramfs_judge(data, report);
    else
        judge_root(data, facts, report);
    judge_pid1(data, manager_error, report);
    judge_manager(data, facts, report);
    judge_clock(data, facts, report);
    judge_daemons(data, report);
    judge_kernel(data, report);
    if (data->last_shutdown_clean == PST_TRI_NO)
        pst_report_add(report, "system.unclean-shutdown", PST_SEVERITY_INFORMATION,
                       "the boot before this one did not end in order: a reset, a power cut or a "
                       "crash");
}
