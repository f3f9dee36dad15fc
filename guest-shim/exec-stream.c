// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-stream.h"

#include <errno.h>
#include <unistd.h>

#include "guest-shim/loop-handles.h"
#include "protocol/error.h"

#define READ_STEP (64 * 1024)

struct PstExecStreamBuffer {
    int fd;
    gboolean detached;
    gint64 at;
    GByteArray *held;
};

PstExecStreamBuffer *
pst_exec_stream_new(int fd, gboolean detached)
{
    PstExecStreamBuffer *stream = g_new0(PstExecStreamBuffer, 1);

    stream->fd = fd;
    stream->detached = detached;
    stream->held = g_byte_array_new();
    return stream;
}

void
pst_exec_stream_free(PstExecStreamBuffer *stream)
{
    pst_loop_handles_close(&stream->fd);
    g_byte_array_unref(stream->held);
    g_free(stream);
}

int
pst_exec_stream_fd(const PstExecStreamBuffer *stream)
{
    return stream->fd;
}

gboolean
pst_exec_stream_ended(const PstExecStreamBuffer *stream)
{
    return stream->fd < 0;
}

gboolean
pst_exec_stream_has_room(const PstExecStreamBuffer *stream, gsize max)
{
    return stream->detached || stream->held->len < max;
}

static void
drop_front(PstExecStreamBuffer *stream, gsize n)
{
    g_byte_array_remove_range(stream->held, 0, (guint)n);
    stream->at += (gint64)n;
}

/* One step, so that whoever asks is heard in between. */
static void
read_and_keep(PstExecStreamBuffer *stream)
{
    guint8 buffer[READ_STEP];
    gssize n = read(stream->fd, buffer, sizeof(buffer));

    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        pst_loop_handles_close(&stream->fd);
    if (n <= 0)
        return;
    g_byte_array_append(stream->held, buffer, (guint)n);
    /* Not at every step: what is kept is moved each time. */
    if (stream->held->len > 2 * PST_EXEC_STREAM_KEPT)
        drop_front(stream, stream->held->len - PST_EXEC_STREAM_KEPT);
}

void
pst_exec_stream_read(PstExecStreamBuffer *stream, gsize max)
{
    guint8 buffer[READ_STEP];

    if (stream->detached && stream->fd >= 0)
        read_and_keep(stream);
    while (!stream->detached && stream->fd >= 0 && stream->held->len < max) {
        gssize n = read(stream->fd, buffer, MIN(sizeof(buffer), max - stream->held->len));

        if (n > 0)
            g_byte_array_append(stream->held, buffer, (guint)n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
            pst_loop_handles_close(&stream->fd);
        else if (errno == EAGAIN)
            return;
    }
}

void
pst_exec_stream_end(PstExecStreamBuffer *stream)
{
    pst_loop_handles_close(&stream->fd);
}

const guint8 *
pst_exec_stream_held(const PstExecStreamBuffer *stream, gsize *len)
{
    *len = stream->held->len;
    return stream->held->data;
}

gint64
pst_exec_stream_at(const PstExecStreamBuffer *stream)
{
    return stream->at;
}

gboolean
pst_exec_stream_drop(PstExecStreamBuffer *stream, gint64 from, GError **error)
{
    gint64 arrived = from - stream->at;

    if (stream->detached)
        return TRUE;
    if (arrived < 0 || arrived > stream->held->len) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "the output is held from byte %" G_GINT64_FORMAT " to byte %" G_GINT64_FORMAT
                    ": it is for one reader",
                    stream->at, stream->at + stream->held->len);
        return FALSE;
    }
    drop_front(stream, (gsize)arrived);
    return TRUE;
}

gboolean
pst_exec_stream_has(const PstExecStreamBuffer *stream, gint64 from)
{
    return stream->at + stream->held->len > from;
}

void
pst_exec_stream_page(const PstExecStreamBuffer *stream, gint64 from, gsize max, PstExecPiece *piece)
{
    gsize skipped = (gsize)CLAMP(from - stream->at, 0, (gint64)stream->held->len);
    gsize n = MIN(max, stream->held->len - skipped);

    piece->at = stream->at + (gint64)skipped;
    piece->data = n > 0 ? g_bytes_new(stream->held->data + skipped, n) : NULL;
    piece->end = stream->fd < 0 && skipped + n == stream->held->len;
}
