// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-ping GUEST [ROUNDS]: `ping` over the open channel against raw bytes of the same lengths
 * echoed on another port of the same guest, turn by turn in one run, through the same event loop.
 * The guest must have an echo on org.postern.echo.0. Prints one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/guest-channel.h"
#include "host-sidecar/stream.h"

#define DEADLINE_US (10 * G_USEC_PER_SEC)
/* A ping's request is this long, and its answer about as long. */
#define ECHO_BYTES 100

typedef struct {
    GMutex lock;
    GCond changed;
    gsize received;
} Echo;

static void
die(const GError *error)
{
    fprintf(stderr, "bench-ping: %s\n", error->message);
    exit(1);
}

static void
on_echo(const guint8 *data G_GNUC_UNUSED, gsize len, const char *ended G_GNUC_UNUSED,
        gpointer user_data)
{
    Echo *echo = user_data;

    g_mutex_lock(&echo->lock);
    echo->received += len;
    g_cond_signal(&echo->changed);
    g_mutex_unlock(&echo->lock);
}

static void
keep(gpointer data G_GNUC_UNUSED)
{
}

static gint64
time_echo(PstStream *stream, Echo *echo)
{
    g_autoptr(GError) error = NULL;
    guint8 bytes[ECHO_BYTES];
    gint64 start_us = g_get_monotonic_time();

    memset(bytes, 'x', sizeof(bytes));
    g_mutex_lock(&echo->lock);
    echo->received = 0;
    g_mutex_unlock(&echo->lock);
    if (!pst_stream_send(stream, bytes, sizeof(bytes), &error))
        die(error);

    g_mutex_lock(&echo->lock);
    while (echo->received < sizeof(bytes))
        if (!g_cond_wait_until(&echo->changed, &echo->lock, start_us + DEADLINE_US)) {
            fprintf(stderr, "bench-ping: the echo does not answer\n");
            exit(1);
        }
    g_mutex_unlock(&echo->lock);
    return g_get_monotonic_time() - start_us;
}

static gint64
time_ping(PstChannel *channel)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstMessage) answer = NULL;
    gint64 start_us = g_get_monotonic_time();
    gint64 number = pst_channel_request(channel, "ping", NULL, &error);

    if (number < 0 ||
        pst_channel_wait(channel, &number, 1, start_us + DEADLINE_US, &answer, &error) < 0)
        die(error);
    return g_get_monotonic_time() - start_us;
}

static int
compare(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static gint64
quantile(GArray *times, double q)
{
    g_array_sort(times, compare);
    return g_array_index(times, gint64, (guint)(q * (times->len - 1)));
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(GArray) raw = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) ping = g_array_new(FALSE, FALSE, sizeof(gint64));
    int rounds = argc > 2 ? atoi(argv[2]) : 1000;
    Echo echo = {0};

    if (argc < 2) {
        fprintf(stderr, "usage: bench-ping GUEST [ROUNDS]\n");
        return 64;
    }
    g_autoptr(PstGuest) guest =
        pst_guest_open(hypervisor, argv[1], g_get_monotonic_time() + DEADLINE_US, &error);
    if (guest == NULL)
        die(error);
    gint64 deadline_us = g_get_monotonic_time() + DEADLINE_US;
    PstStream *stream =
        pst_stream_open(guest, "org.postern.echo.0", on_echo, &echo, keep, deadline_us, &error);
    if (stream == NULL)
        die(error);
    PstChannel *channel = pst_guest_channel_open(guest, deadline_us, &error);
    if (channel == NULL)
        die(error);

    for (int i = -20; i < rounds; i++) {
        gint64 raw_us = time_echo(stream, &echo);
        gint64 ping_us = time_ping(channel);
        if (i < 0)
            continue;
        g_array_append_val(raw, raw_us);
        g_array_append_val(ping, ping_us);
    }
    printf("{\"rounds\":%d,\"raw_median_us\":%ld,\"raw_p99_us\":%ld,\"ping_median_us\":%ld,"
           "\"ping_p99_us\":%ld,\"ratio\":%.2f}\n",
           rounds, quantile(raw, 0.5), quantile(raw, 0.99), quantile(ping, 0.5),
           quantile(ping, 0.99), (double)quantile(ping, 0.5) / (double)quantile(raw, 0.5));
    pst_channel_free(channel);
    pst_stream_close(stream);
    return 0;
}
