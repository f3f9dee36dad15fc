// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report `host`: what does the hypervisor see of the guest? No guest is asked for it: it is
 * what libvirt knows, the counters of the virtual hardware watched for a while, the end of the
 * console's log where there is one, and the age of the last record. What libvirt did not tell in
 * time stays absent. Counters are since the domain's start. */

typedef struct {
    gint64 watch_ms; /* how long the counters are watched, 0 to 10,000; absent: 1,000 */
} PstHostArgs;

/* A virtual processor. */
typedef struct {
    gint64 number;
    gint64 used_ms;      /* processor time since the domain's start */
    gint64 waited_ms;    /* that it could run and the host had no processor for it */
    gint64 progress_ms;  /* of used_ms, what was used while it was watched */
    gint64 busy_percent; /* of the time watched: used or waited */
} PstHostCpu;

typedef struct {
    char *name; /* vda */
    gint64 read_bytes, written_bytes;
    gint64 requests; /* both kinds */
    gint64 progress; /* requests while it was watched */
    char *error;     /* as virDomainGetDiskErrors has it: no-space, unspecified */
} PstHostDisk;

typedef struct {
    char *name;
    gint64 received_bytes, sent_bytes; /* as the guest sees it */
} PstHostInterface;

typedef struct {
    char *name;  /* org.postern.shim.0 */
    char *state; /* connected, disconnected; absent where libvirt does not know */
} PstHostChannel;

/* What libvirt does with the domain at this moment. */
typedef struct {
    char *operation; /* save, migration out, snapshot … */
    gint64 running_ms;
} PstHostJob;

/* QEMU's monitor, by libvirt's word: virDomainGetControlInfo(). */
typedef struct {
    char *state; /* ok, job, occupied, error */
    gint64 for_ms;
} PstHostMonitor;

typedef struct {
    gint64 balloon_bytes, max_bytes;
    gint64 unused_bytes;   /* by the guest's balloon driver */
    gint64 resident_bytes; /* of QEMU on the host */
} PstHostMemory;

/* The end of the console's log. */
typedef struct {
    gint64 age_ms;  /* since it last grew */
    char **lines;   /* the last ones, oldest first, as the guest wrote them */
    char *panic;    /* the first line of the newest panic since a kernel last said its name */
    PstTri went_on; /* lines that are not the panic's own came after it; absent without one */
} PstHostConsole;

/* The newest record of the volume. */
typedef struct {
    gint64 age_ms;
    char *text; /* what it says, a line */
} PstHostRecord;

/* A state that passers-by have seen the domain in: libvirt keeps no history, so when it changed is
 * known only as far as somebody looked. */
typedef struct {
    char *state, *reason; /* as below */
    PstTri restarted;     /* it was off before: it has another number than it had in a state that
                           * is told before this one */
    gint64 age_ms;        /* since it was first seen so */
    gint64 seen_us;       /* when that was, the host's real time */
    gint64 before_us;     /* when it was last seen as it was before; the same as seen_us where it is
                           * known to have changed then; absent where nobody had looked */
} PstHostLifecycle;

typedef struct {
    char *state;       /* running, paused, off, crashed … */
    char *reason;      /* as virsh domstate --reason has it */
    gint64 watched_ms; /* how long the counters were watched; 0 where they were read once */
    PstTri asked;      /* the guest was asked something meanwhile, */
    PstTri answered;   /* and showed a sign of life */
    PstHostMonitor *monitor;
    PstHostJob *job;
    GPtrArray *cpus; /* of PstHostCpu */
    PstHostMemory *memory;
    GPtrArray *disks;      /* of PstHostDisk */
    GPtrArray *interfaces; /* of PstHostInterface */
    GPtrArray *channels;   /* of PstHostChannel */
    PstHostConsole *console;
    PstHostRecord *last_record;
    GPtrArray *lifecycle; /* of PstHostLifecycle, the oldest first */
} PstHostData;

extern const PstFields pst_report_host_cpu_fields;
extern const PstFields pst_report_host_disk_fields;
extern const PstFields pst_report_host_interface_fields;
extern const PstFields pst_report_host_channel_fields;
extern const PstFields pst_report_host_job_fields;
extern const PstFields pst_report_host_monitor_fields;
extern const PstFields pst_report_host_memory_fields;
extern const PstFields pst_report_host_console_fields;
extern const PstFields pst_report_host_record_fields;
extern const PstFields pst_report_host_lifecycle_fields;
extern const PstReportKind pst_report_host_kind;
