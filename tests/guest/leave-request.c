// SPDX-License-Identifier: LGPL-2.1-or-later
/* leave-request GUEST MILLISECONDS: learns the guest's clock, says `ready`, waits for a line on
 * standard input, then sends a hello and a request that must not be started later than so many
 * milliseconds after that clock was read, and goes when standard input ends, without having heard
 * anything. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host-sidecar/guest-channel.h"
#include "host-sidecar/client.h"
#include "protocol/call.h"
#include "tests/guest/deaf-stream.h"

static gint64
read_clock(const PstGuest *guest)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstChannel) channel =
        pst_guest_channel_open(guest, g_get_monotonic_time() + PATIENCE_US, &error);

    if (channel == NULL)
        die(error);
    return pst_channel_hello(channel)->boottime_us;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(PstClient) client = pst_client_new();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    PstCall call = {.name = "network"};
    char line[8];

    if (argc != 3)
        return 64;
    g_autoptr(PstGuest) guest = open_guest(hypervisor, argv[1]);
    call.not_after_us = read_clock(guest) + atoi(argv[2]) * G_GINT64_CONSTANT(1000);
    printf("ready\n");
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return 1;

    PstStream *stream = open_deaf_stream(guest);
    g_autoptr(JsonObject) params = pst_call_params(&call);
    pst_client_hello(client, NULL, bytes);
    if (pst_client_request(client, "probe", params, bytes, &error) < 0 ||
        !pst_stream_send(stream, bytes->data, bytes->len, &error))
        die(error);
    usleep(300000); /* until libvirt has passed it on */
    while (fgets(line, sizeof(line), stdin) != NULL)
        continue;
    _exit(0);
}
