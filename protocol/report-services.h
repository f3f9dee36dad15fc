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
    char *name;           /* the unit's own, where it was asked for by an alias */
    char *asked_as;       /* absent for a unit that nobody asked for */
    char **also_asked_as; /* under these names as well; absent for none */
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
    PstTri wanted;    /* some unit wants it by a link, as `systemctl enable` makes it */
    PstTri on_demand; /* a socket, path or timer that waits starts it */
    GPtrArray *lines; /* of PstServicesLine, newest first, at most 5 */
} PstServicesUnit;

typedef struct {
    char *name;
    gint64 ago_ms; /* since it became active */
} PstServicesStarted;

typedef struct {
    char *source;       /* systemd, or systemctl */
    GPtrArray *units;   /* of PstServicesUnit: those asked for, failed, restarting, or missing */
    gint64 n_running;   /* services that run, or are about to */
    char **running;     /* those that do, by name */
    char **exited;      /* those that did their work and count as active, by name */
    GPtrArray *started; /* of PstServicesStarted: those that run and became active lately */
} PstServicesData;

/* Whether NAME is the unit's own, or one that it was asked for by. */
gboolean pst_report_services_is(const PstServicesUnit *unit, const char *name);

extern const PstFields pst_report_services_line_fields;
extern const PstFields pst_report_services_unit_fields;
extern const PstFields pst_report_services_started_fields;
extern const PstReportKind pst_report_services_kind;
