// SPDX-License-Identifier: LGPL-2.1-or-later
/* fill-channel GUEST: opens the channel, sends as much as a client ever leaves unanswered there,
 * and closes it; prints `{"bytes": N, "close_ms": N}`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/client.h"
#include "host-sidecar/stream.h"
#include "protocol/limits.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)
/* What a request is beside its filler, rounded up. */
#define ENVELOPE_BYTES 256

static void
die(const GError *error)
{
    fprintf(stderr, "fill-channel: %s\n", error->message);
    exit(1);
}

static void
ignore(const guint8 *data G_GNUC_UNUSED, gsize len G_GNUC_UNUSED, const char *ended G_GNUC_UNUSED,
       gpointer user_data G_GNUC_UNUSED)
{
}

static void
keep(gpointer data G_GNUC_UNUSED)
{
}

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
    pst_client_hello(client, bytes);
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
    g_autoptr(PstGuest) guest =
        pst_guest_open(hypervisor, argv[1], g_get_monotonic_time() + PATIENCE_US, &error);
    if (guest == NULL)
        die(error);
    PstStream *stream = pst_stream_open(guest, "org.postern.shim.0", ignore, NULL, keep,
                                        g_get_monotonic_time() + PATIENCE_US, &error);
    if (stream == NULL || !pst_stream_send(stream, bytes->data, bytes->len, &error))
        die(error);

    gint64 begun_us = g_get_monotonic_time();
    pst_stream_close(stream, TRUE);
    printf("{\"bytes\": %u, \"close_ms\": %" G_GINT64_FORMAT "}\n", bytes->len,
           (g_get_monotonic_time() - begun_us) / 1000);
    return 0;
}
