// SPDX-License-Identifier: LGPL-2.1-or-later
/* hear-events GUEST: subscribes to all that happens in the guest and prints a line an event,
 * `SEQ LOST KIND PATH|UNIT|-`, until standard input ends. The first is the start of the shim. */
#include <stdio.h>
#include <unistd.h>

#include "host-sidecar/guest-channel.h"
#include "tests/guest/deaf-stream.h"

static void
on_event(const PstChannel *channel G_GNUC_UNUSED, const PstEvent *event,
         gpointer user_data G_GNUC_UNUSED)
{
    const PstEventBody *body = event->body;
    const char *unit = body->unit != NULL ? body->unit : "-";

    printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s %s\n", event->seq, event->lost,
           pst_record_event_names[body->event], body->path != NULL ? body->path : unit);
    fflush(stdout);
}

static void
on_end(const char *reason, gpointer user_data G_GNUC_UNUSED)
{
    fprintf(stderr, "the channel ended: %s\n", reason);
}

static const PstChannelListener listener = {on_event, on_end, free_nothing};

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(JsonObject) params = pst_event_subscribe_params(PST_EVENT_ALL);
    g_autoptr(PstMessage) answer = NULL;
    g_autoptr(GError) error = NULL;

    if (argc != 2)
        return 64;
    g_autoptr(PstGuest) guest = open_guest(hypervisor, argv[1]);
    gint64 deadline_us = g_get_monotonic_time() + PATIENCE_US;
    g_autoptr(PstChannel) channel = pst_guest_channel_open(guest, deadline_us, &error);
    if (channel == NULL)
        die(error);
    pst_channel_listen(channel, &listener, NULL);
    gint64 number = pst_channel_request(channel, "subscribe", params, &error);
    if (number < 0 || pst_channel_wait(channel, &number, 1, deadline_us, &answer, &error) < 0)
        die(error);
    if (answer->type != PST_MESSAGE_RESULT)
        die(answer->error);
    while (getchar() != EOF)
        continue;
    return 0;
}
