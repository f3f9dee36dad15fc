// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-flood read GUEST PORT: reads all that comes through PORT into a frame reader, until nothing
 * has come for some seconds. bench-flood channel GUEST: opens a conversation with the shim, asks,
 * and waits for an answer that does not come; for a peer that answers nothing but `hello`. Both
 * print one JSON object with what this took of the process's memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/guest-channel.h"
#include "host-sidecar/stream.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/limits.h"
#include "tests/bench/bench-guest.h"

#define OPEN_US (20 * G_USEC_PER_SEC)
#define QUIET_US (4 * G_USEC_PER_SEC)

typedef struct {
    GMutex lock;
    PstFrameReader *reader;
    guint64 bytes;
    guint64 frames;
    gint64 first_us, last_us;
    char *ended;
} Sink;

/* A field of /proc/self/status in KiB: proc(5). */
static gint64
memory_kib(const char *field)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents("/proc/self/status", &text, NULL, &error))
        pst_bench_die("memory", error);
    const char *found = strstr(text, field);
    if (found == NULL)
        pst_bench_die(field, NULL);
    return g_ascii_strtoll(found + strlen(field), NULL, 10);
}

/* Writing 5 sets VmHWM back to VmRSS: proc(5), clear_refs. */
static gint64
reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");

    if (file == NULL || fputs("5", file) < 0 || fclose(file) != 0)
        pst_bench_die("/proc/self/clear_refs can't be written", NULL);
    return memory_kib("VmRSS:");
}

static void
on_receive(const guint8 *data, gsize len, const char *ended, gpointer user_data)
{
    Sink *sink = user_data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sink->lock);

    if (ended != NULL) {
        g_free(sink->ended);
        sink->ended = g_strdup(ended);
        return;
    }
    sink->last_us = g_get_monotonic_time();
    if (sink->first_us == 0)
        sink->first_us = sink->last_us;
    sink->bytes += len;
    while (len > 0) {
        const char *text;
        gsize text_len, n = pst_frame_reader_take(sink->reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        sink->frames += text != NULL;
    }
}

static void
keep(gpointer data G_GNUC_UNUSED)
{
}

static void
wait_until_quiet(Sink *sink)
{
    gint64 start_us = g_get_monotonic_time();

    for (gboolean quiet = FALSE; !quiet;) {
        g_usleep(G_USEC_PER_SEC / 10);
        g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sink->lock);
        if (sink->ended != NULL)
            pst_bench_die(sink->ended, NULL);
        quiet = g_get_monotonic_time() - MAX(sink->last_us, start_us) > QUIET_US;
    }
}

static void
read_all(const PstGuest *guest, const char *port)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
    Sink sink = {.reader = reader};
    gint64 before_kib = reset_peak();

    PstStream *stream = pst_stream_open(guest, port, on_receive, &sink, keep,
                                        g_get_monotonic_time() + OPEN_US, &error);
    if (stream == NULL)
        pst_bench_die(port, error);
    wait_until_quiet(&sink);
    gint64 peak_kib = memory_kib("VmHWM:"), after_kib = memory_kib("VmRSS:");
    pst_stream_close(stream);

    const PstFrameCounters *counters = pst_frame_reader_counters(reader);
    printf("{\"bytes\":%lu,\"took_us\":%ld,\"good\":%lu,\"dropped\":%lu,\"stray_bytes\":%lu,"
           "\"before_kib\":%ld,\"peak_kib\":%ld,\"after_kib\":%ld}\n",
           sink.bytes, sink.last_us - sink.first_us, sink.frames, pst_frame_reader_dropped(reader),
           counters->stray_bytes, before_kib, peak_kib, after_kib);
}

static void
converse(const PstGuest *guest)
{
    g_autoptr(GError) error = NULL;
    gint64 before_kib = reset_peak(), start_us = g_get_monotonic_time();
    PstChannel *channel = pst_guest_channel_open(guest, start_us + OPEN_US, &error);
    g_autoptr(PstMessage) answer = NULL;

    if (channel != NULL) {
        gint64 number = pst_channel_request(channel, "ping", NULL, &error);
        if (number >= 0 &&
            pst_channel_wait(channel, &number, 1, start_us + OPEN_US, &answer, &error) >= 0)
            pst_bench_die("the peer answers", NULL);
        pst_channel_free(channel);
    }
    if (!g_error_matches(error, PST_ERROR, PST_ERROR_PROTOCOL))
        pst_bench_die("the channel was not given up for what the peer sends", error);
    printf("{\"took_us\":%ld,\"before_kib\":%ld,\"peak_kib\":%ld,\"after_kib\":%ld}\n",
           g_get_monotonic_time() - start_us, before_kib, memory_kib("VmHWM:"),
           memory_kib("VmRSS:"));
}

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    gboolean reads = argc == 4 && strcmp(argv[1], "read") == 0;

    if (!reads && !(argc == 3 && strcmp(argv[1], "channel") == 0)) {
        fprintf(stderr, "usage: bench-flood read GUEST PORT\n"
                        "       bench-flood channel GUEST\n");
        return 64;
    }
    g_autoptr(PstGuest) guest = pst_bench_guest_open(hypervisor, argv[2]);
    if (reads)
        read_all(guest, argv[3]);
    else
        converse(guest);
    return 0;
}
