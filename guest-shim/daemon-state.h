// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Whether a daemon that the system leans on is there, read from its control group and /proc alone:
 * so it is known too while PID 1 does not answer, and nothing is started by the question. */

typedef enum {
    PST_DAEMON_STATE_UNKNOWN, /* it could not be told */
    PST_DAEMON_STATE_RUNNING,
    PST_DAEMON_STATE_STUCK,     /* it is there, stopped by a signal or a debugger */
    PST_DAEMON_STATE_ON_DEMAND, /* it is not there, and its socket listens */
    PST_DAEMON_STATE_STOPPED,
    PST_DAEMON_STATE_ABSENT, /* it is not installed */
    PST_DAEMON_STATE_SILENT, /* it runs, and was asked, and did not answer in time */
} PstDaemonState;

typedef struct {
    const char *const *units;    /* of which any may hold it, NULL-terminated */
    const char *const *programs; /* its candidate paths, NULL-terminated */
    const char *socket;          /* at which it can be started */
} PstDaemon;

extern const PstDaemon pst_daemon_state_dbus;
extern const PstDaemon pst_daemon_state_journald;

/* Never SILENT: nobody is asked. */
PstDaemonState pst_daemon_state_read(const PstSysroot *sysroot, const PstDaemon *daemon);

/* running, stuck, on-demand, stopped, absent, silent; NULL for an unknown one. */
const char *pst_daemon_state_name(PstDaemonState state);
