// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/server.h"

/* What is behind the read-only door: conversations with guests in tasks that may hang and be
 * abandoned, whose outcome comes back to the server's loop. Prints to standard error what keeps it
 * from writing an audit record. */

typedef struct PstDaemon PstDaemon;

/* Of the thread of CONTEXT, and for as long as the process lives: tasks that hang may come back at
 * any time. */
PstDaemon *pst_daemon_new(GMainContext *context, const char *uri, const PstServerLimits *limits);

PstServer *pst_daemon_server(PstDaemon *daemon);

/* Before the end: waits until the audit records are written. FALSE where they were not before
 * DEADLINE_US (monotonic clock). */
gboolean pst_daemon_flush(PstDaemon *daemon, gint64 deadline_us);
