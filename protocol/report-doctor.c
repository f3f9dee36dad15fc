// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-doctor.h"

const char *const pst_report_doctor_port_names[] = {"unknown", "absent", "shut", "open", NULL};
const char *const pst_report_doctor_verdict_names[] = {"ok", "stands", "unknown", NULL};

/* ---- the host ---- */

static const PstField door_rows[] = {
    PST_STRING(PstDoctorDoor, path, "of the socket; absent where none is to be asked"),
    PST_BOOL(PstDoctorDoor, there, "something is at that path"),
    PST_STRING(PstDoctorDoor, mode, "of the socket, four octal digits"),
    PST_STRING(PstDoctorDoor, owner, "of the socket, numeric"),
    PST_BOOL(PstDoctorDoor, answers, "a daemon said hello"),
    PST_BOOL(PstDoctorDoor, shut, "the kernel does not let this caller in"),
    PST_STRING(PstDoctorDoor, unit, "of systemd's that makes it, without its .socket"),
    PST_BOOL(PstDoctorDoor, enabled, "its unit is started with the host"),
    PST_STRING(PstDoctorDoor, uri, "the hypervisor that it serves"),
    PST_STRING(PstDoctorDoor, libvirt, "why it can't list its domains"),
    PST_STRING(PstDoctorDoor, problem, "why it did not answer"),
};
const PstFields pst_report_doctor_door_fields = PST_FIELDS(PstDoctorDoor, door_rows);

static const PstField pool_rows[] = {
    PST_BOOL(PstDoctorPool, there, "libvirt has a storage pool called postern"),
    PST_BOOL(PstDoctorPool, active, "it is active"),
    PST_BOOL(PstDoctorPool, autostart, "it is started with the host"),
    PST_STRING(PstDoctorPool, folder, "that it is over"),
    PST_STRING(PstDoctorPool, problem, "why the rest is not known"),
};
const PstFields pst_report_doctor_pool_fields = PST_FIELDS(PstDoctorPool, pool_rows);

static const PstField virtlogd_rows[] = {
    PST_BOOL(PstDoctorVirtlogd, used, "libvirt has it write them (stdio_handler in qemu.conf)"),
    PST_BOOL(PstDoctorVirtlogd, socket, "its socket is there"),
    PST_STRING(PstDoctorVirtlogd, config, "the file that has its limits"),
    PST_INT(PstDoctorVirtlogd, max_size, "bytes of a file before it is rolled; 0: never"),
    PST_INT(PstDoctorVirtlogd, max_backups, "parts that are kept beside it"),
    PST_STRING(PstDoctorVirtlogd, problem, "why its limits, or whether they count, is not known"),
};
const PstFields pst_report_doctor_virtlogd_fields = PST_FIELDS(PstDoctorVirtlogd, virtlogd_rows);

static const PstField host_rows[] = {
    PST_STRING(PstDoctorHost, uri, "of the hypervisor, as libvirt knows it"),
    PST_BOOL(PstDoctorHost, here, "the hypervisor is on this host"),
    PST_STRING(PstDoctorHost, user, "who asks"),
    PST_STRING(PstDoctorHost, config, "what is wrong with postern's configuration"),
    PST_STRING(PstDoctorHost, libvirt, "why libvirt can't be asked"),
    PST_BOOL(PstDoctorHost, denied, "that is for want of permission"),
    PST_OBJECT(PstDoctorHost, diagnose, pst_report_doctor_door_fields, "the read-only door"),
    PST_OBJECT(PstDoctorHost, recover, pst_report_doctor_door_fields, "the recovery door"),
    PST_OBJECT(PstDoctorHost, pool, pst_report_doctor_pool_fields,
               "the storage pool of the recorders' files"),
    PST_OBJECT(PstDoctorHost, virtlogd, pst_report_doctor_virtlogd_fields,
               "what writes those files; absent where the hypervisor is elsewhere"),
};
const PstFields pst_report_doctor_host_fields = PST_FIELDS(PstDoctorHost, host_rows);

/* ---- the domain ---- */

static const PstField xml_rows[] = {
    PST_ENUM(PstDoctorXml, channel, pst_report_doctor_port_names,
             "the shim's port; unknown where it is there, and not told whether it is held"),
    PST_ENUM(PstDoctorXml, agent, pst_report_doctor_port_names, "the guest agent's port"),
    PST_BOOL(PstDoctorXml, room, "a virtio-serial controller of it has a free port"),
    PST_BOOL(PstDoctorXml, recorder, "it has the recorder's port, with a file behind it"),
    PST_BOOL(PstDoctorXml, recorder_elsewhere, "that file is not called as the volume is"),
    PST_BOOL(PstDoctorXml, recorder_emptied, "each start of the domain empties it"),
    PST_STRING(PstDoctorXml, recorder_path, "of that file"),
    PST_STRING(PstDoctorXml, problem, "why the rest is not known"),
};
const PstFields pst_report_doctor_xml_fields = PST_FIELDS(PstDoctorXml, xml_rows);

static const PstField shim_rows[] = {
    PST_STRING(PstDoctorShim, version, "that it said"),
    PST_STRINGS(PstDoctorShim, methods, "that it knows"),
    PST_STRING(PstDoctorShim, problem, "why it did not answer by the channel"),
    PST_BOOL(PstDoctorShim, busy,
             "it was not asked: another process had its turn, or the guest does not run"),
};
const PstFields pst_report_doctor_shim_fields = PST_FIELDS(PstDoctorShim, shim_rows);

static const PstField command_rows[] = {
    PST_STRING(PstDoctorCommand, name, "of a command that postern calls", PST_KEY),
    PST_BOOL(PstDoctorCommand, enabled, "the agent runs it"),
};
const PstFields pst_report_doctor_command_fields = PST_FIELDS(PstDoctorCommand, command_rows);

static const PstField agent_rows[] = {
    PST_STRING(PstDoctorAgent, version, "that it said"),
    PST_LIST(PstDoctorAgent, commands, pst_report_doctor_command_fields,
             "those of its commands that postern calls"),
    PST_STRING(PstDoctorAgent, problem, "why it did not answer"),
    PST_BOOL(PstDoctorAgent, busy,
             "it was not asked: another process had its turn, or the guest does not run"),
};
const PstFields pst_report_doctor_agent_fields = PST_FIELDS(PstDoctorAgent, agent_rows);

static const PstField recorder_rows[] = {
    PST_STRING(PstDoctorRecorder, finding, "the finding of the report host that says it"),
    PST_STRING(PstDoctorRecorder, message, "what keeps it from recording"),
    PST_STRING(PstDoctorRecorder, remedy, "what mends that"),
    PST_STRING(PstDoctorRecorder, problem, "why it is not known whether it records"),
};
const PstFields pst_report_doctor_recorder_fields = PST_FIELDS(PstDoctorRecorder, recorder_rows);

static const PstField domain_rows[] = {
    PST_STRING(PstDoctorDomain, uri, "of its hypervisor"),
    PST_STRING(PstDoctorDomain, name, "as libvirt has it"),
    PST_STRING(PstDoctorDomain, uuid, "as libvirt has it"),
    PST_STRING(PstDoctorDomain, state, "running, paused, off, crashed …"),
    PST_STRING(PstDoctorDomain, folder, "of the pool that recorders are in"),
    PST_BOOL(PstDoctorDomain, persistent, "it has a definition for its next start"),
    PST_BOOL(PstDoctorDomain, by_daemon, "the daemon lists it; absent where none was asked"),
    PST_OBJECT(PstDoctorDomain, live, pst_report_doctor_xml_fields, "as it runs"),
    PST_OBJECT(PstDoctorDomain, lasting, pst_report_doctor_xml_fields,
               "as it will be after its next start"),
    PST_OBJECT(PstDoctorDomain, shim, pst_report_doctor_shim_fields, "what its shim said"),
    PST_OBJECT(PstDoctorDomain, agent, pst_report_doctor_agent_fields, "what its agent said"),
    PST_OBJECT(PstDoctorDomain, recorder, pst_report_doctor_recorder_fields,
               "what its recorder comes to"),
};
const PstFields pst_report_doctor_domain_fields = PST_FIELDS(PstDoctorDomain, domain_rows);

/* ---- the guest ---- */

static const PstField unit_rows[] = {
    PST_STRING(PstDoctorUnit, unit, "its name"),
    PST_STRING(PstDoctorUnit, load, "loaded, not-found, masked …"),
    PST_STRING(PstDoctorUnit, active, "active, inactive, failed …"),
    PST_STRING(PstDoctorUnit, sub, "running, dead …"),
    PST_STRING(PstDoctorUnit, enabled, "enabled, disabled, static …"),
    PST_BOOL(PstDoctorUnit, default_dependencies, "it stops and starts with ordinary services"),
    PST_BOOL(PstDoctorUnit, ignore_on_isolate, "it stays where another target is isolated"),
    PST_BOOL(PstDoctorUnit, in_emergency, "emergency.target wants it"),
    PST_BOOL(PstDoctorUnit, in_rescue, "rescue.target wants it"),
    PST_STRING(PstDoctorUnit, problem, "why the rest is not known"),
};
const PstFields pst_report_doctor_unit_fields = PST_FIELDS(PstDoctorUnit, unit_rows);

static const PstField file_rows[] = {
    PST_STRING(PstDoctorFile, path, "of the file", PST_KEY),
    PST_BOOL(PstDoctorFile, there, "it is there"),
    PST_STRING(PstDoctorFile, mode, "four octal digits"),
    PST_STRING(PstDoctorFile, owner, "numeric"),
    PST_BOOL(PstDoctorFile, noexec, "nothing on its file system can be run"),
    PST_STRING(PstDoctorFile, mount, "where that file system is mounted"),
    PST_STRING(PstDoctorFile, label, "what is wrong with its SELinux label"),
    PST_STRING(PstDoctorFile, problem, "why the rest is not known"),
};
const PstFields pst_report_doctor_file_fields = PST_FIELDS(PstDoctorFile, file_rows);

static const PstField agent_list_rows[] = {
    PST_STRING(PstDoctorAgentList, path, "of the agent's configuration", PST_KEY),
    PST_INT(PstDoctorAgentList, line, "in it, from 1", PST_KEY),
    PST_STRING(PstDoctorAgentList, text, "that line"),
    PST_STRINGS(PstDoctorAgentList, blocked, "the commands of postern's that it blocks"),
};
const PstFields pst_report_doctor_agent_list_fields =
    PST_FIELDS(PstDoctorAgentList, agent_list_rows);

static const PstField denial_rows[] = {
    PST_STRING(PstDoctorDenial, program, "what was denied something", PST_KEY),
    PST_STRING(PstDoctorDenial, source, "selinux, apparmor or fapolicyd", PST_KEY),
    PST_STRING(PstDoctorDenial, target, "what", PST_KEY),
    PST_INT(PstDoctorDenial, count, "how often", PST_PASSING),
    PST_BOOL(PstDoctorDenial, enforced, "no: it was only logged"),
};
const PstFields pst_report_doctor_denial_fields = PST_FIELDS(PstDoctorDenial, denial_rows);

static const PstField guest_rows[] = {
    PST_STRING(PstDoctorGuest, via, "by which path it told"),
    PST_OBJECT(PstDoctorGuest, shim_unit, pst_report_doctor_unit_fields, "the shim's"),
    PST_OBJECT(PstDoctorGuest, agent_unit, pst_report_doctor_unit_fields, "the guest agent's"),
    PST_LIST(PstDoctorGuest, files, pst_report_doctor_file_fields, "postern's in the guest"),
    PST_LIST(PstDoctorGuest, agent_lists, pst_report_doctor_agent_list_fields,
             "lines of the agent's configuration that take commands from it"),
    PST_STRING(PstDoctorGuest, agent_lists_problem, "why those are not all known"),
    PST_STRING(PstDoctorGuest, config, "what is wrong with the shim's configuration"),
    PST_STRING(PstDoctorGuest, selinux, "its mode: enforcing, permissive, disabled"),
    PST_STRING(PstDoctorGuest, selinux_configured, "its mode after the next boot"),
    PST_LIST(PstDoctorGuest, denials, pst_report_doctor_denial_fields,
             "what the shim and the agent were denied"),
    PST_STRING(PstDoctorGuest, security_problem, "why denials are not known"),
    PST_STRING(PstDoctorGuest, problem, "why nothing of the guest is known"),
};
const PstFields pst_report_doctor_guest_fields = PST_FIELDS(PstDoctorGuest, guest_rows);

/* ---- a planned profile ---- */

static const PstField cut_rows[] = {
    PST_INT(PstDoctorCut, line, "in it, from 1", PST_KEY),
    PST_STRING(PstDoctorCut, text, "that line"),
    PST_STRING(PstDoctorCut, cuts, "what it does to a path"),
    PST_STRING(PstDoctorCut, mend, "what to do about it"),
    PST_STRING(PstDoctorCut, unsure, "why it is not certain"),
};
const PstFields pst_report_doctor_cut_fields = PST_FIELDS(PstDoctorCut, cut_rows);

static const PstField profile_rows[] = {
    PST_STRING(PstDoctorProfile, path, "of its file"),
    PST_LIST(PstDoctorProfile, cuts, pst_report_doctor_cut_fields,
             "lines that by themselves cut a path, or may"),
    PST_STRING(PstDoctorProfile, problem, "why not all of it was looked at"),
};
const PstFields pst_report_doctor_profile_fields = PST_FIELDS(PstDoctorProfile, profile_rows);

/* ---- the whole ---- */

static const PstField check_rows[] = {
    PST_STRING(PstDoctorCheck, id, "of the finding that it would be", PST_KEY),
    PST_ENUM(PstDoctorCheck, verdict, pst_report_doctor_verdict_names,
             "ok; stands: a finding has it; unknown: it could not be looked at"),
    PST_STRING(PstDoctorCheck, reason, "why it could not"),
};
const PstFields pst_report_doctor_check_fields = PST_FIELDS(PstDoctorCheck, check_rows);

static const PstField data_rows[] = {
    PST_OBJECT(PstDoctorData, host, pst_report_doctor_host_fields, "facts of the host"),
    PST_OBJECT(PstDoctorData, domain, pst_report_doctor_domain_fields, "facts of the domain"),
    PST_OBJECT(PstDoctorData, guest, pst_report_doctor_guest_fields, "facts of the guest"),
    PST_OBJECT(PstDoctorData, profile, pst_report_doctor_profile_fields,
               "what a planned profile would do"),
    PST_LIST(PstDoctorData, checks, pst_report_doctor_check_fields, "what was looked at"),
};
static const PstFields data_fields = PST_FIELDS(PstDoctorData, data_rows);

static const PstFields args_fields = {sizeof(PstDoctorArgs), 0, NULL};

const PstReportKind pst_report_doctor_kind = {
    .name = "doctor",
    .question = "what stands in the way of postern here, or will?",
    .footprint = "that of the probes that it asks, and a line in the guest's journal for each file "
                 "that is read",
    .args = &args_fields,
    .data = &data_fields,
    .derived = TRUE,
};
