// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/peer.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* At a time, so that a caller who sends without end takes turns with the others. */
#define READ_BYTES (16 * 1024)
/* An idle peer keeps no larger buffer than this. */
#define KEPT_BYTES 4096
#define MINUTE_US (60 * G_USEC_PER_SEC)

struct PstPeer {
    int fd;
    GMainContext *context;
    PstPeerListener listener;
    gpointer user_data;
    PstFrameReader *reader;
    GByteArray *output;
    gsize written; /* of the output */
    GBytes *rest;  /* read, and left until there is room for the answers; NULL: nothing */
    gboolean reading, finished, ending, broken;
    gboolean held, corked;
    guint64 unreadable;     /* frames that hold no message */
    guint64 dropped_before; /* frames, before the minute that began at minute_us */
    gint64 minute_us;
    GSource *input_source, *output_source, *stall_source, *gone_source;
};

static void
clear_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static GSource *
attach(PstPeer *peer, GSource *source, GSourceFunc function)
{
    g_source_set_callback(source, function, peer, NULL);
    g_source_attach(source, peer->context);
    return source;
}

static gboolean
on_gone(gpointer data)
{
    PstPeer *peer = data;

    clear_source(&peer->gone_source);
    peer->listener.gone(peer->user_data);
    return G_SOURCE_REMOVE;
}

static void
hang_up(PstPeer *peer)
{
    if (peer->broken)
        return;
    peer->broken = TRUE;
    clear_source(&peer->input_source);
    clear_source(&peer->output_source);
    clear_source(&peer->stall_source);
    peer->gone_source = g_idle_source_new();
    g_source_set_priority(peer->gone_source, G_PRIORITY_DEFAULT);
    attach(peer, peer->gone_source, on_gone);
}

PstPeer *
pst_peer_new(int fd, GMainContext *context, const PstPeerListener *listener, gpointer user_data)
{
    PstPeer *peer = g_new0(PstPeer, 1);

    peer->fd = fd;
    peer->context = g_main_context_ref(context);
    peer->listener = *listener;
    peer->user_data = user_data;
    peer->reader = pst_frame_reader_new(&pst_validate_to_api);
    peer->output = g_byte_array_new();
    return peer;
}

void
pst_peer_free(PstPeer *peer)
{
    clear_source(&peer->input_source);
    clear_source(&peer->output_source);
    clear_source(&peer->stall_source);
    clear_source(&peer->gone_source);
    pst_frame_reader_free(peer->reader);
    g_clear_pointer(&peer->rest, g_bytes_unref);
    g_byte_array_unref(peer->output);
    g_main_context_unref(peer->context);
    close(peer->fd);
    g_free(peer);
}

gboolean
pst_peer_has_finished(const PstPeer *peer)
{
    return peer->finished;
}

/* ---- output */

static gsize
queued(const PstPeer *peer)
{
    return peer->output->len - peer->written;
}

gboolean
pst_peer_has_output(const PstPeer *peer)
{
    return !peer->broken && queued(peer) > 0;
}

static gboolean
is_paused(const PstPeer *peer)
{
    return peer->held || queued(peer) >= PST_PEER_PAUSE_BYTES;
}

static gboolean
on_stalled(gpointer data)
{
    hang_up(data);
    return G_SOURCE_REMOVE;
}

static void
watch_stall(PstPeer *peer)
{
    clear_source(&peer->stall_source);
    peer->stall_source = attach(peer, g_timeout_source_new_seconds(PST_PEER_STALL_S), on_stalled);
}

static void
clear_output(PstPeer *peer)
{
    peer->written = 0;
    if (peer->output->len > KEPT_BYTES) {
        g_byte_array_unref(peer->output);
        peer->output = g_byte_array_new();
    }
    g_byte_array_set_size(peer->output, 0);
}

/* FALSE where the peer is gone. */
static gboolean
write_some(PstPeer *peer)
{
    while (queued(peer) > 0) {
        gssize n = send(peer->fd, peer->output->data + peer->written, queued(peer), MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        peer->written += (gsize)n;
        if (peer->stall_source != NULL)
            watch_stall(peer);
    }
    clear_output(peer);
    return TRUE;
}

static void
drained(PstPeer *peer)
{
    clear_source(&peer->output_source);
    clear_source(&peer->stall_source);
    if (peer->ending)
        hang_up(peer);
}

static void resume(PstPeer *peer);

static void
go_on(PstPeer *peer)
{
    if (!peer->broken && peer->reading && peer->input_source == NULL && !is_paused(peer))
        resume(peer);
}

static gboolean
on_room(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    PstPeer *peer = data;

    if (!write_some(peer)) {
        hang_up(peer);
        return G_SOURCE_CONTINUE;
    }
    if (queued(peer) == 0)
        drained(peer);
    go_on(peer);
    return G_SOURCE_CONTINUE;
}

static void
flush(PstPeer *peer)
{
    if (peer->output_source != NULL || peer->corked)
        return;
    if (!write_some(peer)) {
        hang_up(peer);
    } else if (queued(peer) > 0) {
        peer->output_source =
            attach(peer, g_unix_fd_source_new(peer->fd, G_IO_OUT), G_SOURCE_FUNC(on_room));
        watch_stall(peer);
    } else if (peer->ending) {
        hang_up(peer);
    }
}

void
pst_peer_send(PstPeer *peer, const char *text)
{
    if (peer->broken)
        return;
    if (queued(peer) + strlen(text) + 2 > PST_PEER_MAX_QUEUED) {
        hang_up(peer);
        return;
    }
    /* What was written long ago is not carried along. */
    if (peer->written > PST_PEER_PAUSE_BYTES) {
        g_byte_array_remove_range(peer->output, 0, (guint)peer->written);
        peer->written = 0;
    }
    pst_frame_append(peer->output, text, strlen(text));
    flush(peer);
}

void
pst_peer_cork(PstPeer *peer, gboolean corked)
{
    if (peer->broken || peer->corked == corked)
        return;
    peer->corked = corked;
    if (corked) {
        clear_source(&peer->output_source);
        clear_source(&peer->stall_source);
        return;
    }
    flush(peer);
    go_on(peer);
}

void
pst_peer_end(PstPeer *peer)
{
    peer->ending = TRUE;
    peer->reading = FALSE;
    clear_source(&peer->input_source);
    if (!peer->broken)
        flush(peer);
}

/* ---- input */

static void
take_text(PstPeer *peer, const char *text, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, &error);
    g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, &error) : NULL;

    if (message != NULL) {
        peer->listener.message(message, peer->user_data);
        return;
    }
    peer->unreadable++;
    peer->listener.unreadable(error, peer->user_data);
}

static gboolean
sends_nonsense(PstPeer *peer)
{
    gint64 now_us = g_get_monotonic_time();
    guint64 dropped = pst_frame_reader_dropped(peer->reader) + peer->unreadable;

    if (now_us - peer->minute_us > MINUTE_US) {
        peer->minute_us = now_us;
        peer->dropped_before = dropped;
    }
    return dropped - peer->dropped_before >= PST_LIMIT_BAD_FRAMES_A_MINUTE ||
           pst_frame_reader_counters(peer->reader)->stray_bytes > PST_PEER_MAX_STRAY;
}

/* A short question may have a long answer: so what was read already waits too. */
static void
take_bytes(PstPeer *peer, const guint8 *data, gsize len)
{
    while (len > 0 && !peer->broken && !peer->ending) {
        if (is_paused(peer)) {
            peer->rest = g_bytes_new(data, len);
            clear_source(&peer->input_source);
            return;
        }
        const char *text = NULL;
        gsize text_len = 0;
        gsize n = pst_frame_reader_take(peer->reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        if (text != NULL)
            take_text(peer, text, text_len);
    }
    if (sends_nonsense(peer))
        hang_up(peer);
}

static gboolean
on_hang_up(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    hang_up(data);
    return G_SOURCE_CONTINUE;
}

static void
finish(PstPeer *peer)
{
    peer->finished = TRUE;
    peer->reading = FALSE;
    clear_source(&peer->input_source);
    /* It may still listen: only a hang-up says that it does not. */
    peer->input_source = attach(peer, g_unix_fd_source_new(peer->fd, G_IO_HUP | G_IO_ERR),
                                G_SOURCE_FUNC(on_hang_up));
    peer->listener.finished(peer->user_data);
}

static gboolean
on_input(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    PstPeer *peer = data;
    guint8 bytes[READ_BYTES];
    gssize n = recv(peer->fd, bytes, sizeof(bytes), 0);

    if (n > 0)
        take_bytes(peer, bytes, (gsize)n);
    else if (n == 0)
        finish(peer);
    else if (errno != EAGAIN && errno != EINTR)
        hang_up(peer);
    return G_SOURCE_CONTINUE;
}

void
pst_peer_read(PstPeer *peer)
{
    if (peer->broken || peer->ending || peer->finished)
        return;
    peer->reading = TRUE;
    if (peer->input_source == NULL)
        peer->input_source =
            attach(peer, g_unix_fd_source_new(peer->fd, G_IO_IN), G_SOURCE_FUNC(on_input));
}

void
pst_peer_hold(PstPeer *peer, gboolean held)
{
    peer->held = held;
    go_on(peer);
}

static void
resume(PstPeer *peer)
{
    g_autoptr(GBytes) rest = g_steal_pointer(&peer->rest);
    gsize len = 0;
    const guint8 *data = rest != NULL ? g_bytes_get_data(rest, &len) : NULL;

    take_bytes(peer, data, len);
    if (peer->rest == NULL)
        pst_peer_read(peer);
}
