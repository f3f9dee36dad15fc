// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-limits.h"

#include <string.h>

#include "guest-shim/program-loader.h"
#include "guest-shim/program.h"
#include "guest-shim/sshd-check.h"

#define SHORT_GRACE_S 5
#define DEFAULT_PORT 22

/* Settings with which nobody gets in. */
static void
judge_shut(const PstSshSubject *subject)
{
    static const struct {
        const char *keyword, *name, *value, *id, *why;
    } rows[] = {
        {"maxauthtries", "MaxAuthTries", "0", "ssh.max-auth-tries-zero",
         "sshd ends every connection at its first question"},
        {"maxsessions", "MaxSessions", "0", "ssh.max-sessions-zero",
         "sshd lets nobody run anything after the login"},
        {"persourcemaxstartups", "PerSourceMaxStartups", "0", "ssh.per-source-zero",
         "sshd drops every connection before it says a word"},
        {"refuseconnection", "RefuseConnection", "yes", "ssh.connection-refused",
         "sshd ends the connection before the login"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *place = NULL;
        PstFinding *finding;

        if (!pst_sshd_effective_is(subject->effective, rows[i].keyword, rows[i].value))
            continue;
        place = pst_ssh_subject_place(subject, rows[i].keyword, NULL);
        finding = pst_ssh_subject_blame(
            subject, rows[i].id, PST_SEVERITY_CRITICAL, rows[i].keyword, NULL,
            g_strdup_printf("%s: %s %s at %s", rows[i].why, rows[i].name, rows[i].value, place));
        finding->remedy = g_strdup_printf("take the line at %s away, then systemctl reload %s",
                                          place, subject->unit);
    }
}

static void
judge_grace(const PstSshSubject *subject)
{
    gint64 grace_s = pst_sshd_effective_number(subject->effective, "logingracetime");
    PstFinding *finding;

    if (grace_s <= 0 || grace_s >= SHORT_GRACE_S)
        return;
    finding = pst_ssh_subject_blame(
        subject, "ssh.login-grace-short", PST_SEVERITY_WARNING, "logingracetime", NULL,
        g_strdup_printf("sshd gives a login only %" G_GINT64_FORMAT " s", grace_s));
    finding->remedy = g_strdup("LoginGraceTime 2m is sshd's default");
}

/* Since 9.8 sshd only listens, and programs beside it do the rest; `sshd -t` does not look whether
 * they are there. */
static void
judge_programs(const PstSshSubject *subject)
{
    static const char *const keywords[] = {"sshdsessionpath", "sshdauthpath"};

    for (guint i = 0; i < G_N_ELEMENTS(keywords); i++) {
        const char *path = pst_sshd_effective_get(subject->effective, keywords[i]);
        PstFinding *finding;

        if (path == NULL || path[0] != '/' || pst_sysroot_exists(subject->context->sysroot, path))
            continue;
        finding = pst_report_add(subject->report, "ssh.program-missing", PST_SEVERITY_CRITICAL,
                                 "%s, which sshd starts for each connection, is not there", path);
        finding->evidence->path = g_strdup(path);
        finding->remedy = g_strdup("reinstall OpenSSH's server");
    }
}

static void
judge_loader(const PstSshSubject *subject)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    const char *path = pst_program_find(sysroot, pst_sshd_check_programs, NULL);
    g_autofree char *loader = path != NULL ? pst_program_loader_missing(sysroot, path) : NULL;
    PstFinding *finding;

    if (loader == NULL)
        return;
    finding = pst_report_add(subject->report, "ssh.loader-missing", PST_SEVERITY_CRITICAL,
                             "%s can't be started: its loader %s is not there or can't be executed",
                             path, loader);
    finding->evidence->path = g_strdup(loader);
    finding->remedy = pst_program_loader_remedy(loader);
}

static void
judge_startups(const PstSshSubject *subject)
{
    const PstSshData *data = subject->data;
    PstFinding *finding;

    if (data->startups_full <= 0 || data->startups < data->startups_full)
        return;
    finding = pst_report_add(subject->report, "ssh.startups-full", PST_SEVERITY_CRITICAL,
                             "sshd refuses every new connection: %" G_GINT64_FORMAT
                             " have not logged in yet, and MaxStartups is %" G_GINT64_FORMAT,
                             data->startups, data->startups_full);
    finding->evidence->unit = g_strdup(subject->unit);
    finding->remedy = g_strdup_printf("see where they come from: ss -tn state established; "
                                      "systemctl restart %s ends them",
                                      subject->unit);
}

/* The kernel goes on to take connections for it. */
static void
judge_stuck(const PstSshSubject *subject)
{
    const PstSshData *data = subject->data;
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stat", data->pid);
    g_autofree char *stat = data->running == PST_TRI_YES
                                ? pst_sysroot_read_line(subject->context->sysroot, path, NULL)
                                : NULL;
    const char *end = stat != NULL ? strrchr(stat, ')') : NULL;
    const char *const undo[] = {"/usr/bin/systemctl", "kill", "--signal=CONT", subject->unit, NULL};
    PstFinding *finding;

    if (end == NULL || (!g_str_has_prefix(end, ") T") && !g_str_has_prefix(end, ") t")))
        return;
    finding = pst_report_add(subject->report, "ssh.stuck", PST_SEVERITY_CRITICAL,
                             "sshd (process %" G_GINT64_FORMAT ") was stopped by a signal or a "
                             "debugger: it answers nobody",
                             data->pid);
    finding->evidence->unit = g_strdup(subject->unit);
    finding->evidence->path = g_strdup(path);
    finding->remedy = g_strdup_printf("systemctl kill --signal=CONT %s", subject->unit);
    pst_report_undo(finding, PST_UNDO_ARGV)->argv = g_strdupv((char **)undo);
}

void
pst_ssh_judge_limits(const PstSshSubject *subject)
{
    judge_stuck(subject);
    judge_shut(subject);
    judge_grace(subject);
    judge_programs(subject);
    judge_loader(subject);
    judge_startups(subject);
}

static gboolean
listens_on(char **listen, gint64 port)
{
    g_autofree char *end = g_strdup_printf(":%" G_GINT64_FORMAT, port);

    for (guint i = 0; listen[i] != NULL; i++)
        if (g_str_has_suffix(listen[i], end))
            return TRUE;
    return FALSE;
}

void
pst_ssh_judge_limits_port(const PstSshSubject *subject)
{
    gboolean asked = subject->asked->port != PST_INT_UNKNOWN;
    gint64 port = asked ? subject->asked->port : DEFAULT_PORT;
    char **listen = subject->data->listen;

    if (listen == NULL || listen[0] == NULL)
        return;
    if (asked)
        subject->data->port_open = PST_TRI(listens_on(listen, port));
    if (listens_on(listen, port))
        return;

    g_autofree char *places = g_strjoinv(", ", listen);
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.port-moved", asked ? PST_SEVERITY_CRITICAL : PST_SEVERITY_INFORMATION, "port",
        NULL,
        g_strdup_printf("sshd listens on %s and not on port %" G_GINT64_FORMAT, places, port));
    finding->evidence->expected = g_strdup_printf("%" G_GINT64_FORMAT, port);
    if (subject->data->socket_activated == PST_TRI_YES) {
        g_free(finding->evidence->source);
        finding->evidence->source = g_strdup("the socket unit's ListenStream");
    }
    finding->remedy = g_strdup_printf("come by the other port; or Port %" G_GINT64_FORMAT
                                      " in sshd_config, then systemctl restart %s",
                                      port, subject->unit);
}
