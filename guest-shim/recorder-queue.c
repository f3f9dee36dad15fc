// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-queue.h"

#include "protocol/frame.h"

struct PstRecorderQueue {
    GByteArray *bytes;
    gsize at; /* how much of them is written */
    guint64 lost;
};

PstRecorderQueue *
pst_recorder_queue_new(void)
{
    PstRecorderQueue *queue = g_new0(PstRecorderQueue, 1);

    queue->bytes = g_byte_array_new();
    return queue;
}

void
pst_recorder_queue_free(PstRecorderQueue *queue)
{
    g_byte_array_unref(queue->bytes);
    g_free(queue);
}

/* What once waited gives its memory back. */
static void
clear(PstRecorderQueue *queue)
{
    g_byte_array_unref(queue->bytes);
    queue->bytes = g_byte_array_new();
    queue->at = 0;
}

/* What a port takes in little pieces must not lie in front of the rest for ever. The last byte of
 * it stays: it tells whether a frame was begun. */
static void
drop_written(PstRecorderQueue *queue)
{
    if (queue->at <= 1 || queue->at < queue->bytes->len / 2)
        return;
    g_byte_array_remove_range(queue->bytes, 0, (guint)queue->at - 1);
    queue->at = 1;
}

gboolean
pst_recorder_queue_add(PstRecorderQueue *queue, const char *text, gsize len, gsize max)
{
    drop_written(queue);
    if (queue->bytes->len - queue->at + len + PST_FRAME_OVERHEAD > max) {
        queue->lost++;
        return FALSE;
    }
    pst_frame_append(queue->bytes, text, len);
    return TRUE;
}

const guint8 *
pst_recorder_queue_peek(const PstRecorderQueue *queue, gsize *len)
{
    *len = queue->bytes->len - queue->at;
    return *len > 0 ? queue->bytes->data + queue->at : NULL;
}

void
pst_recorder_queue_advance(PstRecorderQueue *queue, gsize len)
{
    queue->at += len;
    if (queue->at == queue->bytes->len)
        clear(queue);
}

void
pst_recorder_queue_interrupt(PstRecorderQueue *queue)
{
    const guint8 *bytes = queue->bytes->data;
    gsize next = queue->at;

    if (next > 0 && bytes[next - 1] != PST_FRAME_LF) {
        while (bytes[next++] != PST_FRAME_LF)
            continue;
        queue->lost++;
    }
    if (next == queue->bytes->len)
        clear(queue);
    else
        g_byte_array_remove_range(queue->bytes, 0, (guint)next);
    queue->at = 0;
}

void
pst_recorder_queue_lose(PstRecorderQueue *queue)
{
    queue->lost++;
}

guint64
pst_recorder_queue_lost(const PstRecorderQueue *queue)
{
    return queue->lost;
}
