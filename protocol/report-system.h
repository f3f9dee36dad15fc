// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `system`: what is this and what state is it in? */

typedef struct {
    gint64
        host_realtime_us; /* the host's clock at the moment of asking; PST_INT_UNKNOWN for none */
} PstSystemArgs;

typedef struct {
    char *id;      /* as in os-release(5): debian */
    char *version; /* 12 */
    char *name;    /* Debian GNU/Linux 12 (bookworm) */
} PstSystemOs;

typedef struct {
    char *release; /* uname -r */
    char *version; /* uname -v */
    char *arch;    /* uname -m */
    char *command_line;
    gint64 taint; /* /proc/sys/kernel/tainted; 0 for none */
    char *taint_letters;
} PstSystemKernel;

typedef struct {
    gint64 realtime_us;
    gint64 boottime_us; /* since the start, suspended time included */
    gint64 drift_ms;    /* ahead of the host, negative behind it */
} PstSystemClock;

typedef struct {
    char *unit;
    char *type;     /* start, stop, restart … */
    char *state;    /* running, or waiting for others */
    gint64 unit_ms; /* of one that runs after the start: for how long its unit has been as it is */
} PstSystemJob;

typedef struct {
    char *source; /* who said so: systemd, or systemctl */
    char *state;  /* running, degraded, starting, maintenance, stopping … */
    char *version;
    char *tainted;
    char *default_target;
    char **targets; /* active ones */
    gint64 n_failed;
    char **failed;
    gint64 n_jobs;
    GPtrArray *jobs; /* of PstSystemJob */
} PstSystemManager;

typedef struct {
    char *name;
} PstSystemUser;

typedef struct {
    char *path;
    char *type;
    gint64 total_bytes;
    gint64 used_bytes;
} PstSystemFileSystem;

typedef struct {
    char *name; /* vda1 */
    gint64 size_bytes;
    PstTri looked_at;  /* udev has seen what is on it */
    char *file_system; /* or what else is on it, as crypto_LUKS; absent for nothing known */
    char *uuid;
    char *label;
} PstSystemBlock;

/* How far an initramfs has come. */
typedef struct {
    char *root;           /* the last root= of the kernel's command line */
    PstTri root_present;  /* its device is there; unknown for what is no device */
    char *root_device;    /* the kernel's name of it, where it is there */
    PstTri root_mounted;  /* where the initramfs mounts it */
    PstTri root_has_init; /* what is mounted there can be started */
    char *stop_at;        /* break= of the kernel's command line */
    char *gave_up;        /* why, as the initramfs says it, where it has opened a shell */
    char *asking;         /* the program that waits for a passphrase */
    char *complaint;      /* the kernel's last one about the root's device */
    char *check;          /* the last line of the root's check */
    GPtrArray *blocks;    /* of PstSystemBlock */
} PstSystemEarly;

typedef struct {
    char *hostname;
    char *machine_id;
    char *boot_id;
    PstSystemOs *os;
    PstSystemKernel *kernel;
    PstSystemClock *clock;
    gint64 uptime_s;
    PstSystemManager *manager; /* absent where systemd did not answer */
    char *dbus;                /* running, stuck, silent, on-demand, stopped, absent */
    char *journald;            /* running, stuck, stopped, absent */
    PstTri nologin;            /* only root may log in */
    PstTri initramfs;          /* the real root is not mounted yet */
    PstSystemEarly *early;     /* only in an initramfs */
    PstTri root_read_only;
    PstTri last_shutdown_clean;
    GPtrArray *users;        /* of PstSystemUser; only by way of the guest agent */
    GPtrArray *file_systems; /* of PstSystemFileSystem; only by way of the guest agent */
} PstSystemData;

extern const PstFields pst_report_system_job_fields;
extern const PstFields pst_report_system_user_fields;
extern const PstFields pst_report_system_file_system_fields;
extern const PstFields pst_report_system_os_fields;
extern const PstFields pst_report_system_kernel_fields;
extern const PstFields pst_report_system_block_fields;
extern const PstFields pst_report_system_early_fields;
extern const PstFields pst_report_system_clock_fields;
extern const PstFields pst_report_system_manager_fields;
extern const PstReportKind pst_report_system_kind;
