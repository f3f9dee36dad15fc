// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-system.h"

static const PstField os_rows[] = {
    PST_STRING(PstSystemOs, id, "ID of os-release"),
    PST_STRING(PstSystemOs, version, "VERSION_ID of os-release"),
    PST_STRING(PstSystemOs, name, "PRETTY_NAME of os-release"),
};
const PstFields pst_report_system_os_fields = PST_FIELDS(PstSystemOs, os_rows);

static const PstField kernel_rows[] = {
    PST_STRING(PstSystemKernel, release, "as uname -r prints it"),
    PST_STRING(PstSystemKernel, version, "as uname -v prints it"),
    PST_STRING(PstSystemKernel, arch, "as uname -m prints it"),
    PST_STRING(PstSystemKernel, command_line, "the kernel was started with"),
    PST_INT(PstSystemKernel, taint, "the kernel's taint mask, 0 for none", PST_PASSING),
    PST_STRING(PstSystemKernel, taint_letters, "its bits as the kernel's own letters"),
};
const PstFields pst_report_system_kernel_fields = PST_FIELDS(PstSystemKernel, kernel_rows);

static const PstField clock_rows[] = {
    PST_INT(PstSystemClock, realtime_us, "the guest's clock, microseconds since 1970 UTC"),
    PST_INT(PstSystemClock, boottime_us, "microseconds since the start, suspended ones included"),
    PST_INT(PstSystemClock, drift_ms, "milliseconds ahead of the host, negative behind it"),
};
const PstFields pst_report_system_clock_fields = PST_FIELDS(PstSystemClock, clock_rows);

static const PstField job_rows[] = {
    PST_STRING(PstSystemJob, unit, "the unit's name"),
    PST_STRING(PstSystemJob, type, "start, stop, restart and others"),
    PST_STRING(PstSystemJob, state, "running, or waiting for others"),
    PST_INT(PstSystemJob, unit_ms,
            "of one that runs after the start: how long its unit has been in its present state"),
};
const PstFields pst_report_system_job_fields = PST_FIELDS(PstSystemJob, job_rows);

static const PstField manager_rows[] = {
    PST_STRING(PstSystemManager, source, "who said so: systemd or systemctl", PST_PASSING),
    PST_STRING(PstSystemManager, state, "as systemctl is-system-running prints it"),
    PST_STRING(PstSystemManager, version, "of systemd"),
    PST_STRING(PstSystemManager, tainted, "why systemd calls the system odd, empty for no reason"),
    PST_STRING(PstSystemManager, default_target, "the unit that a start leads to"),
    PST_STRINGS(PstSystemManager, targets, "active targets"),
    PST_INT(PstSystemManager, n_failed, "number of failed units", PST_PASSING),
    PST_STRINGS(PstSystemManager, failed, "failed units"),
    PST_INT(PstSystemManager, n_jobs, "number of jobs", PST_PASSING),
    PST_LIST(PstSystemManager, jobs, pst_report_system_job_fields, "what systemd has still to do",
             PST_PASSING),
};
const PstFields pst_report_system_manager_fields = PST_FIELDS(PstSystemManager, manager_rows);

static const PstField user_rows[] = {
    PST_STRING(PstSystemUser, name, "the user's name"),
};
const PstFields pst_report_system_user_fields = PST_FIELDS(PstSystemUser, user_rows);

static const PstField file_system_rows[] = {
    PST_STRING(PstSystemFileSystem, path, "where it is mounted", PST_KEY),
    PST_STRING(PstSystemFileSystem, type, "as ext4"),
    PST_INT(PstSystemFileSystem, total_bytes, "its size"),
    PST_INT(PstSystemFileSystem, used_bytes, "of it in use", PST_PASSING),
};
const PstFields pst_report_system_file_system_fields =
    PST_FIELDS(PstSystemFileSystem, file_system_rows);

static const PstField block_rows[] = {
    PST_STRING(PstSystemBlock, name, "the kernel's name of it", PST_KEY),
    PST_INT(PstSystemBlock, size_bytes, "its size"),
    PST_BOOL(PstSystemBlock, looked_at, "udev has seen what is on it"),
    PST_STRING(PstSystemBlock, file_system, "what is on it, as ext4 or crypto_LUKS"),
    PST_STRING(PstSystemBlock, uuid, "of the file system"),
    PST_STRING(PstSystemBlock, label, "of the file system"),
};
const PstFields pst_report_system_block_fields = PST_FIELDS(PstSystemBlock, block_rows);

static const PstField early_rows[] = {
    PST_STRING(PstSystemEarly, root, "the last root= of the kernel's command line"),
    PST_BOOL(PstSystemEarly, root_present, "its device is there"),
    PST_STRING(PstSystemEarly, root_device, "the kernel's name of that device"),
    PST_BOOL(PstSystemEarly, root_mounted, "it is mounted, for the system to be started from it"),
    PST_BOOL(PstSystemEarly, root_has_init, "what is mounted has a program to start"),
    PST_STRING(PstSystemEarly, stop_at, "break= of the kernel's command line"),
    PST_STRING(PstSystemEarly, gave_up, "why the initramfs opened a shell, in its own words"),
    PST_STRING(PstSystemEarly, asking, "the program that waits for a passphrase"),
    PST_STRING(PstSystemEarly, complaint, "the kernel's last one about the root's device"),
    PST_STRING(PstSystemEarly, check, "the last line of the root's check"),
    PST_LIST(PstSystemEarly, blocks, pst_report_system_block_fields, "the block devices"),
};
const PstFields pst_report_system_early_fields = PST_FIELDS(PstSystemEarly, early_rows);

static const PstField data_rows[] = {
    PST_STRING(PstSystemData, hostname, "as the kernel has it"),
    PST_STRING(PstSystemData, machine_id, "of /etc/machine-id"),
    PST_STRING(PstSystemData, boot_id, "of this boot, without dashes", PST_PASSING),
    PST_OBJECT(PstSystemData, os, pst_report_system_os_fields, "the distribution"),
    PST_OBJECT(PstSystemData, kernel, pst_report_system_kernel_fields, "the kernel"),
    PST_OBJECT(PstSystemData, clock, pst_report_system_clock_fields, "the clocks", PST_PASSING),
    PST_INT(PstSystemData, uptime_s, "seconds since the start", PST_PASSING),
    PST_OBJECT(PstSystemData, manager, pst_report_system_manager_fields, "what systemd says"),
    PST_STRING(PstSystemData, dbus,
               "the D-Bus daemon: running, stuck, silent, on-demand, stopped, absent"),
    PST_STRING(PstSystemData, journald, "systemd-journald: running, stuck, stopped, absent"),
    PST_BOOL(PstSystemData, nologin, "only root may log in"),
    PST_BOOL(PstSystemData, initramfs, "the real root file system is not mounted yet"),
    PST_OBJECT(PstSystemData, early, pst_report_system_early_fields,
               "how far it has come, while the guest is in its initramfs"),
    PST_BOOL(PstSystemData, root_read_only, "the root file system can't be written"),
    PST_BOOL(PstSystemData, last_shutdown_clean, "the boot before this one ended in order",
             PST_PASSING),
    PST_LIST(PstSystemData, users, pst_report_system_user_fields,
             "who is logged in, where only the guest agent answers", PST_PASSING),
    PST_LIST(PstSystemData, file_systems, pst_report_system_file_system_fields,
             "what is mounted, where only the guest agent answers"),
};
static const PstFields data_fields = PST_FIELDS(PstSystemData, data_rows);

static const PstField args_rows[] = {
    PST_INT(PstSystemArgs, host_realtime_us,
            "the host's clock now, microseconds since 1970 UTC, to compare the guest's with",
            PST_PASSING),
};
static const PstFields args_fields = PST_FIELDS(PstSystemArgs, args_rows);

const PstReportKind pst_report_system_kind = {
    .name = "system",
    .question = "what is this and what state is it in?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};
