// SPDX-License-Identifier: LGPL-2.1-or-later
/* posternd, the read-only door: wiring only. */
#include "host-sidecar/daemon.h"
#include "host-sidecar/door-main.h"

static gpointer
open_daemon(GMainContext *context, const char *uri, const PstServerLimits *limits)
{
    return pst_daemon_new(context, uri, limits);
}

static PstServer *
server_of(gpointer daemon)
{
    return pst_daemon_server(daemon);
}

/* Conversations too that nobody waits for any more: what the guest tells is kept. */
static guint
count_running(gpointer daemon)
{
    PstServer *server = pst_daemon_server(daemon);

    return pst_server_n_awaited(server) + pst_server_n_untold(server) +
           pst_flights_n_running(pst_server_flights(server));
}

static gboolean
flush(gpointer daemon, gint64 deadline_us)
{
    return pst_daemon_flush(daemon, deadline_us);
}

int
main(int argc, char **argv)
{
    static const PstDoorProgram door = {
        .name = "posternd",
        .summary = "Asks the guests of a hypervisor for many callers at once.",
        .last_ms = 2000,
        .open = open_daemon,
        .server = server_of,
        .n_running = count_running,
        .flush = flush,
    };

    pst_door_main(&door, argc, argv);
}
