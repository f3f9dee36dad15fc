// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `containers`: is what runs in containers up? */

typedef struct {
    PstTri passive; /* run no program of a runtime: what its files tell is all there is */
} PstContainersArgs;

typedef struct {
    char *name;   /* docker, podman, nspawn */
    char *state;  /* answers, stopped, hangs, not-used (in this boot), not-asked, failed */
    char *source; /* the socket, the program or the folder that the answer is from */
    char *version;
    gint64 took_ms;
} PstContainersRuntime;

typedef struct {
    char *stream; /* stdout or stderr; absent where the container has a terminal */
    char *text;
} PstContainersLine;

typedef struct {
    char *runtime;
    char *id; /* the first 12 digits */
    char *name;
    char *image;
    char *state; /* in the runtime's words: running, exited, created, paused, restarting, dead … */
    char *health;    /* healthy, unhealthy, starting; absent where nothing checks it */
    gint64 restarts; /* automatic ones */
    gint64 exit_code;
    PstTri out_of_memory;           /* the kernel killed it for want of memory */
    gint64 started_us, finished_us; /* microseconds since 1970 UTC by the guest's clock */
    char *restart_policy;           /* no, always, unless-stopped, on-failure */
    char *unit;                     /* the systemd unit that manages it */
    char *error;                    /* why it could not be started */
    GPtrArray *lines;               /* of PstContainersLine: its last words, oldest first */
} PstContainersContainer;

typedef struct {
    GPtrArray *runtimes;   /* of PstContainersRuntime: those that are installed */
    GPtrArray *containers; /* of PstContainersContainer */
    gint64 n_running;
    char **rootless_not_asked; /* numbers of users who run podman of their own */
} PstContainersData;

extern const PstFields pst_report_containers_runtime_fields;
extern const PstFields pst_report_containers_line_fields;
extern const PstFields pst_report_containers_container_fields;
extern const PstReportKind pst_report_containers_kind;
