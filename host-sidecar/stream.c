// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/stream.h"

#include <libvirt/virterror.h>

#include "host-sidecar/domain-busy.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/stream-drain.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "host-sidecar/stream-watch.h"
#include "protocol/error.h"

#define READ_STEP (32 * 1024)
#define NOTHING_YET -2 /* virStreamRecv()'s word for it */
#define CLOSE_US (500 * G_GINT64_CONSTANT(1000))
/* Between two attempts at a channel that somebody else holds. */
#define RETRY_US (20 * G_GINT64_CONSTANT(1000))
#define MAX_RETRY_US (200 * G_GINT64_CONSTANT(1000))

struct PstStream {
    gint references; /* its owner's and those of libvirt's callbacks */
    virDomainPtr domain;
    PstStreamWatch *watch;
    virStreamPtr stream;
    PstCarrierReceive receive;
    gpointer user_data;
    GDestroyNotify free_data;
    GSource *drain;
    GMutex lock;
    gboolean closed;   /* nothing is handed out any more; what comes is thrown away */
    gboolean released; /* nothing is read any more: the handle is about to go */
};

static void
unref_stream(gpointer data)
{
    PstStream *stream = data;

    if (!g_atomic_int_dec_and_test(&stream->references))
        return;
    stream->free_data(stream->user_data);
    g_mutex_clear(&stream->lock);
    g_free(stream);
}

static gpointer
ref_stream(gpointer data)
{
    g_atomic_int_inc(&((PstStream *)data)->references);
    return data;
}

static void
end(const char *reason, gpointer data)
{
    PstStream *stream = data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stream->lock);

    if (!stream->closed)
        stream->receive(NULL, 0, reason, stream->user_data);
}

/* Everything that is there is read at once, whoever wants it: what is left over stays in the client
 * library, whose queue has no bound. It is never much: this reads memory, not the connection.
 * Returns what virStreamRecv() said last: 0, or negative. */
static int
read_queue(PstStream *stream)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stream->lock);
    guint8 buffer[READ_STEP];
    int n = NOTHING_YET;

    while (!stream->released &&
           (n = virStreamRecv(stream->stream, (char *)buffer, sizeof(buffer))) > 0)
        if (!stream->closed)
            stream->receive(buffer, (gsize)n, NULL, stream->user_data);
    return n;
}

static void
on_turn(gpointer user_data)
{
    read_queue(user_data);
}

static void
on_event(virStreamPtr handle, int events, void *user_data)
{
    PstStream *stream = user_data;
    int n = read_queue(stream);

    if (n == NOTHING_YET && (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) == 0)
        return;
    virStreamEventUpdateCallback(handle, 0);
    end("the channel was closed by libvirt", stream);
}

static gboolean
is_taken(void)
{
    virErrorPtr last = virGetLastError();

    /* "Active channel stream exists for this domain": libvirt has no code of its own for it. */
    return last != NULL && last->code == VIR_ERR_OPERATION_FAILED;
}

/* A QEMU that stands still takes no connection, and the one too many keeps the domain locked, and
 * with it every list of the domains (decisions/streams.md). Since the guest was looked at, this
 * conversation may have waited for its turn behind others that have found QEMU standing still: a
 * command that is under way is waited for, and tells which of the two it is. */
static gboolean
await_monitor(PstStream *stream, gint64 deadline_us, GError **error)
{
    gint64 busy_ms = 0;

    while ((busy_ms = pst_domain_busy_ms(stream->domain)) > 0) {
        if (busy_ms >= PST_HOST_JUDGE_BUSY_MS || g_get_monotonic_time() + RETRY_US >= deadline_us) {
            g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                        "its QEMU has not answered libvirt for %.1f s", (double)busy_ms / 1000);
            return FALSE;
        }
        g_usleep((gulong)RETRY_US);
    }
    return TRUE;
}

static gboolean
open_channel(PstStream *stream, const char *name, gint64 deadline_us, GError **error)
{
    gint64 pause_us = RETRY_US;

    for (;;) {
        if (virDomainOpenChannel(stream->domain, name, stream->stream, 0) == 0)
            return TRUE;
        if (!is_taken() || g_get_monotonic_time() + pause_us >= deadline_us)
            return pst_virt_error_set(error, "the channel can't be opened");
        g_usleep((gulong)pause_us);
        pause_us = MIN(pause_us * 2, MAX_RETRY_US);
    }
}

static gboolean
open_stream(PstStream *stream, const char *name, gint64 deadline_us, GError **error)
{
    const int events = VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP;

    stream->stream = virStreamNew(virDomainGetConnect(stream->domain), VIR_STREAM_NONBLOCK);
    if (stream->stream == NULL)
        return pst_virt_error_set(error, "a stream can't be made");
    if (!await_monitor(stream, deadline_us, error) ||
        !open_channel(stream, name, deadline_us, error))
        return FALSE;

    stream->drain = pst_stream_drain_attach(on_turn, ref_stream(stream), unref_stream);
    if (virStreamEventAddCallback(stream->stream, events, on_event, ref_stream(stream),
                                  unref_stream) < 0) {
        unref_stream(stream);
        return pst_virt_error_set(error, "the stream can't be watched");
    }
    return TRUE;
}

static void
set_flag(PstStream *stream, gboolean *flag)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&stream->lock);

    *flag = TRUE;
}

static gpointer
close_handles(gpointer data, GError **error G_GNUC_UNUSED)
{
    PstStream *stream = data;

    /* Whoever waits for libvirtd's word reads what comes before it, and the event loop does not
     * turn meanwhile. */
    if (stream->drain != NULL)
        pst_stream_drain_hurry(stream->drain);
    if (stream->watch != NULL)
        pst_stream_watch_stop(stream->watch);
    if (stream->stream != NULL) {
        virStreamEventRemoveCallback(stream->stream);
        set_flag(stream, &stream->released);
        if (stream->drain != NULL)
            g_source_destroy(stream->drain);
        g_clear_pointer(&stream->drain, g_source_unref);
        /* Whatever the guest does: one that is only freed stays in the client library with all that
         * came for it (virNetClientDispose()). */
        virStreamFinish(stream->stream);
        virStreamFree(stream->stream);
    }
    pst_guest_disconnect(stream->domain);
    return NULL;
}

PstStream *
pst_stream_open(const PstGuest *guest, const char *name, PstCarrierReceive receive,
                gpointer user_data, GDestroyNotify free_data, gint64 deadline_us, GError **error)
{
    PstStream *stream = g_new0(PstStream, 1);

    stream->references = 1;
    g_mutex_init(&stream->lock);
    stream->receive = receive;
    stream->user_data = user_data;
    stream->free_data = free_data;
    stream->domain = pst_guest_connect(guest, error);
    if (stream->domain == NULL) {
        unref_stream(stream);
        return NULL;
    }
    stream->watch =
        pst_stream_watch_start(stream->domain, end, stream, ref_stream, unref_stream, error);
    if (stream->watch == NULL || !open_stream(stream, name, deadline_us, error)) {
        pst_stream_close(stream);
        return NULL;
    }
    return stream;
}

gboolean
pst_stream_send(PstStream *stream, const guint8 *data, gsize len, GError **error)
{
    while (len > 0) {
        int n = virStreamSend(stream->stream, (const char *)data, len);

        if (n < 0)
            return pst_virt_error_set(error, "libvirt takes nothing for the channel");
        data += n;
        len -= (gsize)n;
    }
    return TRUE;
}

void
pst_stream_close(PstStream *stream)
{
    set_flag(stream, &stream->closed);
    pst_task_call(close_handles, stream, unref_stream, NULL, g_get_monotonic_time() + CLOSE_US,
                  "closing the channel", NULL);
}
