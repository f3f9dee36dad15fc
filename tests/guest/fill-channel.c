// SPDX-License-Identifier: LGPL-2.1-or-later
/* fill-channel GUEST: opens the channel, sends as much as a client ever leaves unanswered there,
 * and closes it; prints `{"bytes": N, "close_ms": N}`. */
#include <stdio.h>

#include "host-sidecar/client.h"
#include "protocol/limits.h"
#include "tests/guest/deaf-stream.h"

/* What a request is beside its filler, rounded up. */
#define ENVELOPE_BYTES 256

/* A hello, and requests until the client takes no more. */
static GByteArray *
fill(void)
{
    g_autoptr(PstClient) client = pst_client_new();
    g_autoptr(JsonObject) params = json_object_new();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *filler =
        g_strnfill(PST_LIMIT_IN_FLIGHT_BYTES / (PST_LIMIT_IN_FLIGHT - 1) - ENVELOPE_BYTES, 'x');
    gint64 number = 0;

    json_object_set_string_member(params, "filler", filler);
    pst_client_hello(client, NULL, bytes);
    while (number >= 0)
        number = pst_client_request(client, "probe", params, bytes, NULL);
    return g_steal_pointer(&bytes);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(GByteArray) bytes = fill();

    if (argc != 2)
        return 64;
    g_autoptr(PstGuest) guest = open_guest(hypervisor, argv[1]);
    PstStream *stream = open_deaf_stream(guest);
    if (!pst_stream_send(stream, bytes->data, bytes->len, &error))
        die(error);

    gint64 begun_us = g_get_monotonic_time();
    pst_stream_close(stream);
    printf("{\"bytes\": %u, \"close_ms\": %" G_GINT64_FORMAT "}\n", bytes->len,
           (g_get_monotonic_time() - begun_us) / 1000);
    return 0;
}
