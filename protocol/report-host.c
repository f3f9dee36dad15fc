// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-host.h"

static const PstField cpu_rows[] = {
    PST_INT(PstHostCpu, number, "from 0 on", PST_KEY),
    PST_INT(PstHostCpu, used_ms, "milliseconds of processor time since the domain's start",
            PST_PASSING),
    PST_INT(PstHostCpu, waited_ms,
            "milliseconds that it could run and the host had no processor for it", PST_PASSING),
    PST_INT(PstHostCpu, progress_ms, "milliseconds of processor time used while watched",
            PST_PASSING),
    PST_INT(PstHostCpu, busy_percent, "of the time watched, used or waited", PST_PASSING),
};
const PstFields pst_report_host_cpu_fields = PST_FIELDS(PstHostCpu, cpu_rows);

static const PstField disk_rows[] = {
    PST_STRING(PstHostDisk, name, "the target device", PST_KEY),
    PST_INT(PstHostDisk, read_bytes, "since the domain's start", PST_PASSING),
    PST_INT(PstHostDisk, written_bytes, "since the domain's start", PST_PASSING),
    PST_INT(PstHostDisk, requests, "reads, writes and flushes since the domain's start",
            PST_PASSING),
    PST_INT(PstHostDisk, progress, "requests while watched", PST_PASSING),
    PST_STRING(PstHostDisk, error, "why QEMU stopped at it: no-space, unspecified"),
};
const PstFields pst_report_host_disk_fields = PST_FIELDS(PstHostDisk, disk_rows);

static const PstField interface_rows[] = {
    PST_STRING(PstHostInterface, name, "on the host", PST_KEY),
    PST_INT(PstHostInterface, received_bytes, "by the guest, since the domain's start",
            PST_PASSING),
    PST_INT(PstHostInterface, sent_bytes, "by the guest, since the domain's start", PST_PASSING),
};
const PstFields pst_report_host_interface_fields = PST_FIELDS(PstHostInterface, interface_rows);

static const PstField channel_rows[] = {
    PST_STRING(PstHostChannel, name, "of the port in the guest", PST_KEY),
    PST_STRING(PstHostChannel, state, "connected where a process in the guest holds it open"),
};
const PstFields pst_report_host_channel_fields = PST_FIELDS(PstHostChannel, channel_rows);

static const PstField job_rows[] = {
    PST_STRING(PstHostJob, operation, "what libvirt does with the domain"),
    PST_INT(PstHostJob, running_ms, "milliseconds since it began"),
};
const PstFields pst_report_host_job_fields = PST_FIELDS(PstHostJob, job_rows);

static const PstField monitor_rows[] = {
    PST_STRING(PstHostMonitor, state, "ok, job, occupied or error"),
    PST_INT(PstHostMonitor, for_ms, "milliseconds that it has been so"),
};
const PstFields pst_report_host_monitor_fields = PST_FIELDS(PstHostMonitor, monitor_rows);

static const PstField memory_rows[] = {
    PST_INT(PstHostMemory, balloon_bytes, "what the guest has at this moment", PST_PASSING),
    PST_INT(PstHostMemory, max_bytes, "what it may have"),
    PST_INT(PstHostMemory, unused_bytes, "free, by the guest's balloon driver", PST_PASSING),
    PST_INT(PstHostMemory, resident_bytes, "of QEMU on the host", PST_PASSING),
};
const PstFields pst_report_host_memory_fields = PST_FIELDS(PstHostMemory, memory_rows);

static const PstField console_rows[] = {
    PST_INT(PstHostConsole, age_ms, "milliseconds since the log last grew", PST_PASSING),
    PST_STRINGS(PstHostConsole, lines, "the last lines, the oldest first", PST_PASSING),
    PST_STRING(PstHostConsole, panic,
               "the first line of the newest panic since a kernel last said its name"),
    PST_BOOL(PstHostConsole, went_on, "lines that are not the panic's own came after it"),
};
const PstFields pst_report_host_console_fields = PST_FIELDS(PstHostConsole, console_rows);

static const PstField record_rows[] = {
    PST_INT(PstHostRecord, age_ms, "milliseconds"),
    PST_STRING(PstHostRecord, text, "what it says"),
};
const PstFields pst_report_host_record_fields = PST_FIELDS(PstHostRecord, record_rows);

static const PstField lifecycle_rows[] = {
    PST_STRING(PstHostLifecycle, state, "running, paused, off, crashed …"),
    PST_STRING(PstHostLifecycle, reason, "why it was in that state, by libvirt's word"),
    PST_BOOL(PstHostLifecycle, restarted, "it was off before, though nobody saw that"),
    PST_INT(PstHostLifecycle, age_ms, "milliseconds since it was first seen so"),
    PST_INT(PstHostLifecycle, seen_us, "when that was, real time of the host"),
    PST_INT(PstHostLifecycle, before_us,
            "when it was last seen as it was before: it changed between the two; absent where "
            "nobody had looked"),
};
const PstFields pst_report_host_lifecycle_fields = PST_FIELDS(PstHostLifecycle, lifecycle_rows);

static const PstField data_rows[] = {
    PST_STRING(PstHostData, state, "running, paused, off, crashed …"),
    PST_STRING(PstHostData, reason, "why it is in that state, by libvirt's word"),
    PST_INT(PstHostData, watched_ms, "milliseconds that the counters were watched", PST_PASSING),
    PST_BOOL(PstHostData, asked, "the guest was asked something meanwhile", PST_PASSING),
    PST_BOOL(PstHostData, answered, "it showed a sign of life"),
    PST_OBJECT(PstHostData, monitor, pst_report_host_monitor_fields, "QEMU's monitor", PST_PASSING),
    PST_OBJECT(PstHostData, job, pst_report_host_job_fields, "the job that holds the domain",
               PST_PASSING),
    PST_LIST(PstHostData, cpus, pst_report_host_cpu_fields, "its virtual processors"),
    PST_OBJECT(PstHostData, memory, pst_report_host_memory_fields, "its memory"),
    PST_LIST(PstHostData, disks, pst_report_host_disk_fields, "its disks"),
    PST_LIST(PstHostData, interfaces, pst_report_host_interface_fields, "its interfaces"),
    PST_LIST(PstHostData, channels, pst_report_host_channel_fields, "its virtio channels"),
    PST_OBJECT(PstHostData, console, pst_report_host_console_fields, "the end of its console"),
    PST_OBJECT(PstHostData, last_record, pst_report_host_record_fields,
               "the newest that its recorder wrote", PST_PASSING),
    PST_LIST(PstHostData, lifecycle, pst_report_host_lifecycle_fields,
             "its last states as passers-by saw them, the oldest first", PST_PASSING),
};
static const PstFields data_fields = PST_FIELDS(PstHostData, data_rows);

static const PstField args_rows[] = {
    PST_INT(PstHostArgs, watch_ms, "milliseconds that the counters are watched, at most 10,000"),
};
static const PstFields args_fields = PST_FIELDS(PstHostArgs, args_rows);

const PstReportKind pst_report_host_kind = {
    .name = "host",
    .question = "what does the hypervisor see of the guest?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
    .derived = TRUE,
};
