// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor.h"

#include "host-sidecar/doctor-judges.h"
#include "host-sidecar/exit-code.h"
#include "protocol/shell-word.h"

/* Of what could not be looked at for one reason; the checks among the data name the rest. */
#define MAX_NAMED 3

const PstDoctorRow pst_doctor_rows[] = {
    {"doctor.libvirt-unreachable", "libvirt", PST_DOCTOR_OF_HOST, pst_doctor_judge_host_libvirt},
    {"doctor.config-faulty", "postern's configuration", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_config},
    {"doctor.daemon-absent", "whether a daemon is there", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_daemon_absent},
    {"doctor.daemon-shut", "whether the daemon lets this user in", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_daemon_shut},
    {"doctor.daemon-silent", "whether the daemons answer", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_daemon_silent},
    {"doctor.daemon-no-libvirt", "what libvirt lets the daemon do", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_daemon_libvirt},
    {"doctor.daemon-not-enabled", "whether the daemons are started with the host",
     PST_DOCTOR_OF_HOST, pst_doctor_judge_host_daemon_enabled},
    {"doctor.socket-mode", "the modes of the daemons' sockets", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_socket_mode},
    {"doctor.pool-missing", "the recorders' pool", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_pool_missing},
    {"doctor.pool-inactive", "whether the recorders' pool is active", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_pool_inactive},
    {"doctor.pool-no-autostart", "whether the recorders' pool is started with the host",
     PST_DOCTOR_OF_HOST, pst_doctor_judge_host_pool_autostart},
    {"doctor.virtlogd-stopped", "virtlogd's socket", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_virtlogd_stopped},
    {"doctor.virtlogd-limits", "virtlogd's limits", PST_DOCTOR_OF_HOST,
     pst_doctor_judge_host_virtlogd_limits},

    {"doctor.no-channel", "the shim's channel", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_channel},
    {"doctor.channel-not-kept", "the shim's channel in the lasting definition",
     PST_DOCTOR_OF_DOMAIN, pst_doctor_judge_domain_channel_kept},
    {"doctor.port-held-by-nobody", "whether somebody holds the channel's port",
     PST_DOCTOR_OF_DOMAIN, pst_doctor_judge_domain_port},
    {"doctor.shim-silent", "whether the shim answers", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_shim_silent},
    {"doctor.old-shim", "the shim's version", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_shim_old},
    {"doctor.no-exec", "whether the shim hands commands on", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_exec},
    {"doctor.no-agent-channel", "the guest agent's channel", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_agent_channel},
    {"doctor.agent-channel-not-kept", "the agent's channel in the lasting definition",
     PST_DOCTOR_OF_DOMAIN, pst_doctor_judge_domain_agent_channel_kept},
    {"doctor.agent-absent", "whether an agent runs", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_agent_absent},
    {"doctor.agent-silent", "whether the agent answers", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_agent_silent},
    {"doctor.agent-exec-blocked", "whether the agent runs programs", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_agent_exec},
    {"doctor.agent-commands-blocked", "the agent's other commands", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_agent_commands},
    {"doctor.no-recorder", "the recorder", PST_DOCTOR_OF_DOMAIN, pst_doctor_judge_domain_recorder},
    {"doctor.recorder-not-kept", "the recorder in the lasting definition", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_recorder_kept},
    {"doctor.recorder-elsewhere", "the name of the recorder's file", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_recorder_elsewhere},
    {"doctor.recorder-emptied", "whether the recorder's file is kept", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_recorder_emptied},
    {"doctor.recorder-silent", "whether the recorder records", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_recorder_silent},
    {"doctor.daemon-blind", "whether the daemon sees the domain", PST_DOCTOR_OF_DOMAIN,
     pst_doctor_judge_domain_daemon_blind},

    {"doctor.unit-missing", "the shim's unit", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_unit_missing},
    {"doctor.unit-masked", "whether the shim's unit is masked", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_unit_masked},
    {"doctor.unit-disabled", "whether the shim's unit is enabled", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_unit_disabled},
    {"doctor.unit-stopped", "whether the shim's unit runs", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_unit_stopped},
    {"doctor.unit-ordering", "whether the shim's unit survives emergency mode", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_unit_ordering},
    {"doctor.shim-config-faulty", "the shim's configuration", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_config},
    {"doctor.program-missing", "the shim's program", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_program},
    {"doctor.file-mode", "the modes of postern's files", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_file_mode},
    {"doctor.noexec", "the mounts of postern's programs", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_noexec},
    {"doctor.mislabelled", "the SELinux labels of postern's files", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_label},
    {"doctor.confined", "what SELinux and AppArmor deny postern", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_confined},
    {"doctor.fapolicyd-denies", "what fapolicyd denies postern", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_guest_fapolicyd},
    {"doctor.agent-unit", "the agent's unit", PST_DOCTOR_OF_GUEST, pst_doctor_judge_agent_unit},
    {"doctor.agent-will-block", "the agent's configuration", PST_DOCTOR_OF_GUEST,
     pst_doctor_judge_agent_lists},

    {"doctor.profile-cuts", "what the profile would do", PST_DOCTOR_OF_PROFILE,
     pst_doctor_judge_profile_cuts},
};
const guint pst_doctor_rows_n = G_N_ELEMENTS(pst_doctor_rows);

void
pst_doctor_stands(PstDoctorJudging *judging, PstSeverity severity, char *mend, const char *format,
                  ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    PstFinding *finding =
        pst_report_add(judging->report, judging->row->id, severity, "%s", message);
    finding->remedy = mend;
    judging->verdict = PST_DOCTOR_STANDS;
}

void
pst_doctor_unknown(PstDoctorJudging *judging, const char *reason)
{
    if (judging->verdict == PST_DOCTOR_STANDS)
        return;
    judging->verdict = PST_DOCTOR_UNKNOWN;
    g_free(judging->reason);
    judging->reason = g_strdup(reason != NULL ? reason : "it was not told");
}

char *
pst_doctor_program(const char *program, const char *uri)
{
    g_autofree char *word = uri != NULL ? pst_shell_word(uri) : NULL;

    return word != NULL ? g_strdup_printf("%s -c %s", program, word) : g_strdup(program);
}

static gboolean
concerns(const PstDoctorJudging *judging)
{
    switch (judging->row->part) {
    case PST_DOCTOR_OF_HOST:
        return judging->host != NULL;
    case PST_DOCTOR_OF_DOMAIN:
        return judging->domain != NULL;
    case PST_DOCTOR_OF_GUEST:
        return judging->guest != NULL;
    case PST_DOCTOR_OF_PROFILE:
        return judging->profile != NULL;
    }
    g_return_val_if_reached(FALSE);
}

static void
run(PstDoctorJudging *judging, PstDoctorData *data)
{
    if (judging->row->part == PST_DOCTOR_OF_GUEST && judging->guest->problem != NULL)
        pst_doctor_unknown(judging, judging->guest->problem);
    else
        judging->row->judge(judging);
    PstDoctorCheck *check = pst_fields_append(&pst_report_doctor_check_fields, &data->checks);
    check->id = g_strdup(judging->row->id);
    check->verdict = (int)judging->verdict;
    check->reason = g_steal_pointer(&judging->reason);
}

static const char *
what_of(const char *id)
{
    for (guint i = 0; i < pst_doctor_rows_n; i++)
        if (g_str_equal(pst_doctor_rows[i].id, id))
            return pst_doctor_rows[i].what;
    g_return_val_if_reached(id);
}

/* The first of a reason tells of all that share it. */
static gboolean
is_told(const GPtrArray *checks, guint end)
{
    const PstDoctorCheck *check = checks->pdata[end];

    for (guint i = 0; i < end; i++)
        if (g_strcmp0(((const PstDoctorCheck *)checks->pdata[i])->reason, check->reason) == 0)
            return TRUE;
    return FALSE;
}

static void
tell_unknown(PstReport *report, const GPtrArray *checks, guint first)
{
    const PstDoctorCheck *check = checks->pdata[first];
    g_autoptr(GString) list = g_string_new(what_of(check->id));
    guint n = 1;

    for (guint i = first + 1; i < checks->len; i++) {
        const PstDoctorCheck *other = checks->pdata[i];
        if (g_strcmp0(other->reason, check->reason) == 0 && n++ < MAX_NAMED)
            g_string_append_printf(list, ", %s", what_of(other->id));
    }
    if (n > MAX_NAMED)
        g_string_append_printf(list, " and %u things more", n - MAX_NAMED);
    pst_report_add(report, "doctor.could-not-look", PST_SEVERITY_UNKNOWN,
                   "could not look at %s: %s", list->str, check->reason);
}

void
pst_doctor_judge(PstReport *report)
{
    PstDoctorData *data = report->data;

    for (guint i = 0; i < pst_doctor_rows_n; i++) {
        PstDoctorJudging judging = {.host = data->host,
                                    .domain = data->domain,
                                    .guest = data->guest,
                                    .profile = data->profile,
                                    .row = &pst_doctor_rows[i],
                                    .report = report};
        if (concerns(&judging))
            run(&judging, data);
    }
    for (guint i = 0; data->checks != NULL && i < data->checks->len; i++)
        if (((const PstDoctorCheck *)data->checks->pdata[i])->reason != NULL &&
            !is_told(data->checks, i))
            tell_unknown(report, data->checks, i);
    pst_report_conclude(report, "nothing stands in the way");
}

int
pst_doctor_exit_code(const PstReport *report)
{
    int code = PST_EXIT_OK;

    for (guint i = 0; i < report->findings->len; i++) {
        int severity = ((const PstFinding *)report->findings->pdata[i])->severity;

        if (severity == PST_SEVERITY_CRITICAL || severity == PST_SEVERITY_WARNING)
            return PST_EXIT_WARNING;
        if (severity == PST_SEVERITY_UNKNOWN)
            code = PST_EXIT_UNKNOWN;
    }
    return code;
}
