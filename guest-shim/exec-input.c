// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-input.h"

#include <errno.h>
#include <unistd.h>

#include "guest-shim/loop-handles.h"
#include "protocol/error.h"

#define MAX_WAITING (64 * 1024)

struct PstExecInputFeed {
    int fd; /* -1: closed, by the command or behind the end: what comes is passed over */
    gint64 bytes;
    char *sha256;
    GChecksum *checksum;
    GByteArray *waiting;
    gint64 taken;
    gboolean ended, differs;
};

PstExecInputFeed *
pst_exec_input_new(int fd, gint64 bytes, const char *sha256)
{
    PstExecInputFeed *feed = g_new0(PstExecInputFeed, 1);

    feed->fd = fd;
    feed->bytes = bytes;
    feed->sha256 = g_strdup(sha256);
    feed->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    feed->waiting = g_byte_array_new();
    return feed;
}

void
pst_exec_input_free(PstExecInputFeed *feed)
{
    pst_loop_handles_close(&feed->fd);
    g_free(feed->sha256);
    g_checksum_free(feed->checksum);
    g_byte_array_unref(feed->waiting);
    g_free(feed);
}

static void
end(PstExecInputFeed *feed)
{
    const char *digest = g_checksum_get_string(feed->checksum);

    feed->ended = TRUE;
    feed->differs = (feed->bytes >= 0 && feed->bytes != feed->taken) ||
                    (feed->sha256 != NULL && !g_str_equal(feed->sha256, digest));
}

gboolean
pst_exec_input_take(PstExecInputFeed *feed, const PstExecInput *piece, GError **error)
{
    gsize len = 0;
    const guint8 *data = piece->data != NULL ? g_bytes_get_data(piece->data, &len) : NULL;

    if (piece->at > feed->taken) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "the input has a gap: %" G_GINT64_FORMAT " bytes of it were taken",
                    feed->taken);
        return FALSE;
    }
    gsize known = (gsize)MIN(feed->taken - piece->at, (gint64)len);
    gsize fresh = len - known;
    if (feed->ended && fresh > 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "the input has ended already");
        return FALSE;
    }
    /* One piece at least is always taken, and the last only as a whole: it is judged with the end.
     */
    if (feed->waiting->len > 0 && feed->waiting->len + fresh > MAX_WAITING)
        return TRUE;
    if (fresh > 0) {
        g_checksum_update(feed->checksum, data + known, (gssize)fresh);
        feed->taken += (gint64)fresh;
    }
    if (piece->end && !feed->ended)
        end(feed);
    if (fresh > 0 && feed->fd >= 0 && !feed->differs)
        g_byte_array_append(feed->waiting, data + known, (guint)fresh);
    pst_exec_input_write(feed);
    return TRUE;
}

gboolean
pst_exec_input_has(const PstExecInputFeed *feed, const PstExecInput *piece)
{
    gint64 len = piece->data != NULL ? (gint64)g_bytes_get_size(piece->data) : 0;

    return piece->at + len <= feed->taken && (feed->ended || !piece->end);
}

gint64
pst_exec_input_taken(const PstExecInputFeed *feed)
{
    return feed->taken;
}

gboolean
pst_exec_input_differs(const PstExecInputFeed *feed)
{
    return feed->differs;
}

int
pst_exec_input_fd(const PstExecInputFeed *feed)
{
    return feed->waiting->len > 0 ? feed->fd : -1;
}

void
pst_exec_input_write(PstExecInputFeed *feed)
{
    while (feed->fd >= 0 && feed->waiting->len > 0) {
        gssize n = write(feed->fd, feed->waiting->data, feed->waiting->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) { /* it does not want any of it */
            pst_loop_handles_close(&feed->fd);
            g_byte_array_set_size(feed->waiting, 0);
            return;
        }
        g_byte_array_remove_range(feed->waiting, 0, (guint)n);
    }
    if (feed->ended && !feed->differs)
        pst_loop_handles_close(&feed->fd);
}
