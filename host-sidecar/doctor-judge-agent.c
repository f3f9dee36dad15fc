// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-commands.h"
#include "host-sidecar/doctor-judges.h"

#define PORT "org.qemu.guest_agent.0"

/* The unit as the guest knows it; NULL where that is not known. */
static const PstDoctorUnit *
unit_of(const PstDoctorJudging *judging)
{
    const PstDoctorGuest *guest = judging->guest;

    return guest != NULL && guest->problem == NULL && guest->agent_unit != NULL &&
                   guest->agent_unit->problem == NULL
               ? guest->agent_unit
               : NULL;
}

static char *
mend_absent(const PstDoctorUnit *unit)
{
    if (unit != NULL && g_strcmp0(unit->load, "masked") == 0)
        return g_strdup("guest# systemctl unmask qemu-guest-agent && systemctl start "
                        "qemu-guest-agent");
    if (unit != NULL && g_strcmp0(unit->load, "not-found") == 0)
        return g_strdup("guest# apt-get install qemu-guest-agent || dnf install qemu-guest-agent");
    return g_strdup("guest# systemctl start qemu-guest-agent");
}

void
pst_doctor_judge_agent_absent(PstDoctorJudging *judging)
{
    const PstDoctorDomain *domain = judging->domain;
    const PstDoctorXml *live = domain->live;
    gboolean answers = domain->agent != NULL && domain->agent->problem == NULL;

    if (live == NULL || answers)
        return;
    if (live->problem != NULL)
        pst_doctor_unknown(judging, live->problem);
    else if (live->agent == PST_DOCTOR_PORT_SHUT)
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend_absent(unit_of(judging)),
                          "no guest agent runs: nobody in the guest holds the port " PORT " open");
    else if (live->agent == PST_DOCTOR_PORT_UNKNOWN)
        pst_doctor_unknown(judging, "libvirt does not tell it of a port that was attached to a "
                                    "running guest and not opened since");
}

void
pst_doctor_judge_agent_silent(PstDoctorJudging *judging)
{
    const PstDoctorAgent *agent = judging->domain->agent;
    const PstDoctorXml *live = judging->domain->live;

    if (live != NULL && live->problem != NULL)
        pst_doctor_unknown(judging, live->problem);
    if (agent != NULL && agent->busy == PST_TRI_YES)
        pst_doctor_unknown(judging, agent->problem);
    else if (agent != NULL && agent->problem != NULL)
        pst_doctor_stands(
            judging, PST_SEVERITY_CRITICAL, g_strdup("guest# systemctl restart qemu-guest-agent"),
            "the guest agent holds its port open, and does not answer: %s", agent->problem);
}

/* The lines that take one of them from the agent, where the guest could tell. */
static char *
mend_blocked(const PstDoctorJudging *judging, char *const *blocked)
{
    const PstDoctorGuest *guest = judging->guest;
    g_autofree char *names = g_strjoinv(", ", (char **)blocked);
    g_autoptr(GString) places = g_string_new(NULL);

    for (guint i = 0; guest != NULL && guest->agent_lists != NULL && i < guest->agent_lists->len;
         i++) {
        const PstDoctorAgentList *list = guest->agent_lists->pdata[i];
        if (list->blocked != NULL && g_strv_contains((const char *const *)list->blocked, *blocked))
            g_string_append_printf(places, "%s%s:%" G_GINT64_FORMAT, places->len > 0 ? ", " : "",
                                   list->path, list->line);
    }
    return g_strdup_printf("let the agent run %s in %s, then guest# systemctl restart "
                           "qemu-guest-agent",
                           names,
                           places->len > 0 ? places->str
                                           : "/etc/sysconfig/qemu-ga or /etc/qemu/qemu-ga.conf of "
                                             "the guest");
}

static void
judge_blocked(PstDoctorJudging *judging, PstDoctorCommandsUse use, PstSeverity severity,
              const char *consequence)
{
    const PstDoctorDomain *domain = judging->domain;

    if (domain->live == NULL || domain->live->agent == PST_DOCTOR_PORT_ABSENT)
        return;
    if (domain->agent == NULL || domain->agent->commands == NULL) {
        pst_doctor_unknown(judging, "no guest agent answers");
        return;
    }
    g_auto(GStrv) blocked = pst_doctor_commands_blocked(domain->agent, use);
    g_autofree char *names = g_strjoinv(", ", blocked);
    if (*blocked != NULL)
        pst_doctor_stands(judging, severity, mend_blocked(judging, blocked),
                          "the guest agent does not run %s: %s", names, consequence);
}

void
pst_doctor_judge_agent_exec(PstDoctorJudging *judging)
{
    judge_blocked(judging, PST_DOCTOR_COMMANDS_EXEC, PST_SEVERITY_CRITICAL,
                  "where the channel is shut, the shim can't be asked");
}

void
pst_doctor_judge_agent_commands(PstDoctorJudging *judging)
{
    judge_blocked(judging, PST_DOCTOR_COMMANDS_OTHER, PST_SEVERITY_WARNING,
                  "what it tells by itself is missing");
}

/* ---- what the guest tells of it ---- */

static gboolean
runs(const PstDoctorAgent *agent, const char *name)
{
    for (guint i = 0; agent->commands != NULL && i < agent->commands->len; i++) {
        const PstDoctorCommand *command = agent->commands->pdata[i];
        if (g_strcmp0(command->name, name) == 0)
            return command->enabled == PST_TRI_YES;
    }
    return FALSE;
}

/* An agent that answers says better what it blocks; its files say what it will after its next
 * start. */
void
pst_doctor_judge_agent_lists(PstDoctorJudging *judging)
{
    const PstDoctorGuest *guest = judging->guest;
    const PstDoctorAgent *agent = judging->domain != NULL ? judging->domain->agent : NULL;

    for (guint i = 0; guest->agent_lists != NULL && i < guest->agent_lists->len; i++) {
        const PstDoctorAgentList *list = guest->agent_lists->pdata[i];
        gboolean later = agent != NULL && agent->commands != NULL;
        gboolean news = !later;

        for (guint j = 0; list->blocked != NULL && list->blocked[j] != NULL; j++)
            news |= later && runs(agent, list->blocked[j]);
        if (!news || list->blocked == NULL)
            continue;
        g_autofree char *names = g_strjoinv(", ", list->blocked);
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup_printf("let the agent run them in %s:%" G_GINT64_FORMAT
                                          " of the guest",
                                          list->path, list->line),
                          "the guest agent will not run %s after its next start", names);
    }
    if (guest->agent_lists_problem != NULL)
        pst_doctor_unknown(judging, guest->agent_lists_problem);
}

void
pst_doctor_judge_agent_unit(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = judging->guest->agent_unit;

    if (unit == NULL || unit->problem != NULL) {
        pst_doctor_unknown(judging, unit != NULL ? unit->problem : NULL);
        return;
    }
    if (g_strcmp0(unit->load, "masked") == 0)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup("guest# systemctl unmask qemu-guest-agent"),
                          "%s is masked: no guest agent will be started", unit->unit);
    else if (g_strcmp0(unit->load, "not-found") == 0)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_absent(unit), "the guest has no %s",
                          unit->unit);
    else if (g_strcmp0(unit->enabled, "disabled") == 0)
        pst_doctor_stands(
            judging, PST_SEVERITY_WARNING, g_strdup("guest# systemctl enable qemu-guest-agent"),
            "%s is disabled: no guest agent runs after the guest's next start", unit->unit);
}
