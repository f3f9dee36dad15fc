// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/services-judge.h"
#include "protocol/shell-word.h"

#include <string.h>

#define SHORT_TALE 3
#define RESTARTS_MANY 3
#define RESTARTS_RECENT_US ((gint64)600 * G_USEC_PER_SEC)

const char *const pst_services_judge_control_plane[] = {
    "systemd-journald.service",
    "dbus.service",
    "dbus-broker.service",
    "systemd-logind.service",
    "ssh.service",
    "sshd.service",
    "systemd-networkd.service",
    "NetworkManager.service",
    "networking.service",
    "nftables.service",
    "firewalld.service",
    "qemu-guest-agent.service",
    "postern-shim.service",
    NULL,
};

static gboolean
is_ssh(const char *name)
{
    return g_str_equal(name, "ssh.service") || g_str_equal(name, "sshd.service");
}

/* What PID 1 writes about every unit that fails, without saying why. */
static gboolean
is_routine(const PstServicesLine *line)
{
    static const char *const routine[] = {
        "Failed with result",
        "Scheduled restart job",
        "Start request repeated too",
        "Failed to start",
        "Main process exited",
        "Control process exited",
        "Starting ",
        "Started ",
        "Stopping ",
        "Stopped ",
        "Consumed ",
        "Deactivated successfully",
        "Triggering OnFailure",
        "Unit process ",
        "Dependency failed for",
        "Reloaded ",
        "Reloading ",
        "Finished ",
    };

    if (line->message == NULL)
        return TRUE;
    if (g_strcmp0(line->identifier, "systemd") != 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(routine); i++)
        if (strstr(line->message, routine[i]) != NULL)
            return TRUE;
    return FALSE;
}

/* How many telling lines of one writer stand together from AT on, newest first. */
static guint
run_length(const GPtrArray *lines, guint at)
{
    const PstServicesLine *first = lines->pdata[at];
    guint n = 1;

    while (at + n < lines->len) {
        const PstServicesLine *line = lines->pdata[at + n];
        if (is_routine(line) || g_strcmp0(line->identifier, first->identifier) != 0)
            break;
        n++;
    }
    return n;
}

const char *
pst_services_judge_telling_line(const PstServicesUnit *unit)
{
    const GPtrArray *lines = unit->lines;

    for (guint i = 0; lines != NULL && i < lines->len; i++) {
        const PstServicesLine *line = lines->pdata[i];

        if (is_routine(line))
            continue;
        /* A program that gives up says first what is wrong, and then that it gives up; only after a
         * long tale, as a back trace, the last line says most. */
        guint run = run_length(lines, i);
        if (run <= SHORT_TALE)
            line = lines->pdata[i + run - 1];
        return line->message;
    }
    return NULL;
}

gboolean
pst_services_judge_restarts(const PstUnitDetails *details, gint64 now)
{
    if (details->sub != NULL && g_str_has_prefix(details->sub, "auto-restart"))
        return TRUE;
    if (details->restarts == PST_INT_UNKNOWN)
        return FALSE;
    if (g_strcmp0(details->active, "activating") == 0)
        return details->restarts > 0;
    /* Many restarts some day are not a loop now. */
    return details->restarts >= RESTARTS_MANY && details->active_enter != PST_INT_UNKNOWN &&
           now - details->active_enter < RESTARTS_RECENT_US;
}

static gboolean
is_control_plane(const char *name)
{
    return g_strv_contains(pst_services_judge_control_plane, name);
}

static PstSeverity
severity_of(const PstServicesCase *unit)
{
    return unit->asked || is_control_plane(unit->details->id) ? PST_SEVERITY_CRITICAL
                                                              : PST_SEVERITY_WARNING;
}

static void
give_evidence(PstFinding *finding, const PstServicesCase *unit)
{
    finding->evidence->unit = g_strdup(unit->details->id);
    finding->evidence->path = g_strdup(unit->unit->fragment_path);
    finding->evidence->text = g_strdup(pst_services_judge_telling_line(unit->unit));
    finding->evidence->exit_status = unit->unit->exit_status;
    finding->evidence->signal = unit->unit->exit_signal;
}

/* The first line of the telling one, with ": " before it; "" for none. */
static char *
because(const PstServicesUnit *unit)
{
    const char *line = pst_services_judge_telling_line(unit);
    gsize len = line != NULL ? strcspn(line, "\n") : 0;

    return len > 0 ? g_strdup_printf(": %.*s", (int)MIN(len, 200), line) : g_strdup("");
}

static char *
outcome(const PstServicesUnit *unit)
{
    const char *result = unit->result != NULL ? unit->result : "no result";

    if (unit->exit_signal != PST_INT_UNKNOWN)
        return g_strdup_printf("%s, signal %" G_GINT64_FORMAT, result, unit->exit_signal);
    if (unit->exit_status != PST_INT_UNKNOWN)
        return g_strdup_printf("%s, status %" G_GINT64_FORMAT, result, unit->exit_status);
    return g_strdup(result);
}

static void
judge_failed(const PstServicesCase *unit, PstReport *report)
{
    g_autofree char *why = because(unit->unit);
    g_autofree char *how = outcome(unit->unit);
    PstFinding *finding = pst_report_add(report, "services.failed", severity_of(unit),
                                         "%s failed (%s)%s", unit->details->id, how, why);

    give_evidence(finding, unit);
    g_autofree char *word = pst_shell_word(unit->details->id);
    finding->remedy = g_strdup_printf("mend its cause, then: systemctl restart %s", word);
}

static void
judge_restarting(const PstServicesCase *unit, PstReport *report)
{
    g_autofree char *why = because(unit->unit);
    PstFinding *finding = pst_report_add(
        report, "services.restart-loop", severity_of(unit),
        "%s ends and is restarted again and again (restarts: %" G_GINT64_FORMAT ")%s",
        unit->details->id, MAX(0, unit->details->restarts), why);

    give_evidence(finding, unit);
    g_autofree char *word = pst_shell_word(unit->details->id);
    finding->remedy =
        g_strdup_printf("mend its cause; to end the loop meanwhile: systemctl stop %s", word);
}

/* It can't be loaded at all. */
static gboolean
judge_load(const PstServicesCase *unit, PstReport *report)
{
    const PstUnitDetails *details = unit->details;
    PstFinding *finding;

    if (g_strcmp0(details->load, "loaded") == 0 || g_strcmp0(details->load, "merged") == 0)
        return FALSE;
    if (g_strcmp0(details->load, "not-found") == 0) {
        if (!unit->asked)
            return TRUE;
        finding = pst_report_add(report, "services.not-found", PST_SEVERITY_CRITICAL,
                                 "there is no unit %s", details->id);
        finding->remedy =
            g_strdup("see the name: systemctl list-unit-files; or install what brings "
                     "it");
    } else if (g_strcmp0(details->load, "masked") == 0) {
        if (!unit->asked && !is_ssh(details->id))
            return TRUE;
        finding = pst_report_add(report, "services.masked", severity_of(unit),
                                 "%s is masked: it can't be started", details->id);
        g_autofree char *word = pst_shell_word(details->id);
        finding->remedy = g_strdup_printf("systemctl unmask %s", word);
        if (g_strcmp0(details->active, "active") == 0)
            finding->severity = PST_SEVERITY_WARNING;
    } else {
        finding = pst_report_add(report, "services.unusable", severity_of(unit),
                                 "the unit file of %s can't be used (%s)%s%s", details->id,
                                 details->load != NULL ? details->load : "unknown",
                                 details->load_error != NULL ? ": " : "",
                                 details->load_error != NULL ? details->load_error : "");
        finding->evidence->error = g_strdup(details->load_error);
        g_autofree char *word = pst_shell_word(details->id);
        finding->remedy = g_strdup_printf("systemd-analyze verify %s names the line", word);
    }
    give_evidence(finding, unit);
    return TRUE;
}

static gboolean
has_done_its_work(const PstUnitDetails *details)
{
    return g_strcmp0(details->type, "oneshot") == 0 && g_strcmp0(details->result, "success") == 0 &&
           details->inactive_enter != PST_INT_UNKNOWN && details->inactive_enter > 0;
}

static void
judge_asked_inactive(const PstServicesCase *unit, PstReport *report)
{
    const PstUnitDetails *details = unit->details;
    PstFinding *finding;

    if (unit->on_demand || has_done_its_work(details)) {
        finding =
            pst_report_add(report, "services.not-running-now", PST_SEVERITY_INFORMATION,
                           unit->on_demand ? "%s is not active: it is started when it is needed"
                                           : "%s is not active: it has done its work",
                           details->id);
    } else {
        finding = pst_report_add(
            report, "services.inactive", PST_SEVERITY_CRITICAL, "%s is not active%s", details->id,
            details->condition_met == PST_TRI_NO ? ": a condition of its unit file is not met"
                                                 : "");
        g_autofree char *word = pst_shell_word(details->id);
        finding->remedy = g_strdup_printf("systemctl start %s", word);
    }
    give_evidence(finding, unit);
}

/* A part of the control plane that nobody asked for is missed where systemd knows that it ran in
 * this boot, or where it is meant to run at every boot. What has a trigger that waits comes when it
 * is needed. */
static void
judge_control_plane(const PstServicesCase *unit, PstReport *report)
{
    const PstUnitDetails *details = unit->details;
    gboolean ran = details->active_exit != PST_INT_UNKNOWN && details->active_exit > 0;

    if (!is_control_plane(details->id) || unit->on_demand || has_done_its_work(details) ||
        details->condition_met == PST_TRI_NO || (!ran && !unit->wanted))
        return;
    PstFinding *finding =
        pst_report_add(report, "services.stopped",
                       is_ssh(details->id) ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                       ran ? "%s was stopped" : "%s is meant to run, and does not", details->id);
    give_evidence(finding, unit);
    g_autofree char *word = pst_shell_word(details->id);
    finding->remedy = g_strdup_printf("systemctl start %s", word);
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_UNIT);
    undo->unit = g_strdup(details->id);
    undo->action = g_strdup("start");
}

void
pst_services_judge(const PstServicesCase *unit, PstReport *report)
{
    const PstUnitDetails *details = unit->details;
    const char *active = details->active != NULL ? details->active : "unknown";

    if (g_str_equal(active, "failed")) {
        judge_failed(unit, report);
    } else if (judge_load(unit, report)) {
        return;
    } else if (unit->restarting) {
        judge_restarting(unit, report);
    } else if (g_str_equal(active, "inactive")) {
        if (unit->asked)
            judge_asked_inactive(unit, report);
        else
            judge_control_plane(unit, report);
    } else if ((unit->asked || is_control_plane(details->id)) && !g_str_equal(active, "active") &&
               !g_str_equal(active, "reloading")) {
        PstFinding *finding =
            pst_report_add(report, "services.changing", PST_SEVERITY_WARNING, "%s is %s (%s)",
                           details->id, active, details->sub != NULL ? details->sub : "");
        give_evidence(finding, unit);
    }
    if (details->needs_reload == PST_TRI_YES) {
        PstFinding *finding =
            pst_report_add(report, "services.needs-reload", PST_SEVERITY_INFORMATION,
                           "the unit file of %s was changed since systemd read it", details->id);
        finding->evidence->unit = g_strdup(details->id);
        finding->evidence->path = g_strdup(details->fragment_path);
        finding->remedy = g_strdup("systemctl daemon-reload");
    }
}
