// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `services`: what runs, what failed? */

typedef struct {
    char **units; /* asked for; a name without a type is a service's */
} PstServicesArgs;

typedef struct {
    gint64 realtime_us;
    gint64 priority; /* 0 (emergency) … 7 (debug) */
    char *identifier;
    char *message;
} PstServicesLine;

typedef struct {
    char *name;     /* the unit's own, where it was asked for by an alias */
    char *asked_as; /* absent for a unit that nobody asked for */
    char *description;
    char *load;
    char *active;
    char *sub;
    char *result;
    gint64 exit_status;
    gint64 exit_signal;
    gint64 restarts;
    gint64 since_us; /* when it came into its active state, or out of it, by the guest's clock */
    gint64 main_pid;
    char *enabled;
    char *fragment_path;
    PstTri needs_reload;
    PstTri default_dependencies;
    PstTri ignore_on_isolate;
    GPtrArray *lines; /* of PstServicesLine, newest first, at most 5 */
} PstServicesUnit;

typedef struct {
    char *source;     /* systemd, or systemctl */
    GPtrArray *units; /* of PstServicesUnit: those asked for, failed, restarting, or missing */
    gint64 n_running; /* services that run, or are about to */
    char **running;   /* those that do, by name */
} PstServicesData;

extern const PstFields pst_report_services_line_fields;
extern const PstFields pst_report_services_unit_fields;
extern const PstReportKind pst_report_services_kind;
