// SPDX-License-Identifier: LGPL-2.1-or-later
/* postern-recoverd, the recovery door: wiring only. */
#include "host-sidecar/door-main.h"
#include "host-sidecar/recover-daemon.h"

static gpointer
open_daemon(GMainContext *context, const char *uri, const PstServerLimits *limits)
{
    return pst_recover_daemon_new(context, uri, limits);
}

static PstServer *
server_of(gpointer daemon)
{
    return pst_recover_server(daemon);
}

static guint
count_running(gpointer daemon)
{
    return pst_recover_n_running(daemon) + pst_server_n_untold(pst_recover_server(daemon));
}

static gboolean
flush(gpointer daemon, gint64 deadline_us)
{
    return pst_recover_flush(daemon, deadline_us);
}

int
main(int argc, char **argv)
{
    static const PstDoorProgram door = {
        .name = "postern-recoverd",
        .summary = "Changes guests of a hypervisor for callers that were granted it.",
        /* An act has its deadline, which is a minute at most, and is not cut off before. */
        .last_ms = 65000,
        .open = open_daemon,
        .server = server_of,
        .n_running = count_running,
        .flush = flush,
    };

    pst_door_main(&door, argc, argv);
}
