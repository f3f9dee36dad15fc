// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define READ_STEP 8192

struct PstExecPeer {
    int fd;
    PstFrameReader *reader;
    gboolean asked, answered;
    GByteArray *output;
    gsize written;
};

PstExecPeer *
pst_exec_peer_new(int fd)
{
    PstExecPeer *peer = g_new0(PstExecPeer, 1);

    peer->fd = fd;
    peer->reader = pst_frame_reader_new(&pst_validate_from_host);
    peer->output = g_byte_array_new();
    return peer;
}

void
pst_exec_peer_free(PstExecPeer *peer)
{
    close(peer->fd);
    pst_frame_reader_free(peer->reader);
    g_byte_array_unref(peer->output);
    g_free(peer);
}

int
pst_exec_peer_fd(const PstExecPeer *peer)
{
    return peer->fd;
}

static PstMessage *
decode(const char *text, gsize len)
{
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, NULL);
    g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, NULL) : NULL;

    return message != NULL && message->type == PST_MESSAGE_REQUEST ? g_steal_pointer(&message)
                                                                   : NULL;
}

/* FALSE where it is no request, or more than one. */
static gboolean
feed(PstExecPeer *peer, const guint8 *data, gsize len, PstMessage **message)
{
    while (len > 0) {
        const char *text = NULL;
        gsize text_len = 0;
        gsize n = pst_frame_reader_take(peer->reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        if (pst_frame_reader_dropped(peer->reader) > 0)
            return FALSE;
        if (text == NULL)
            continue;
        if (peer->asked)
            return FALSE;
        peer->asked = TRUE;
        *message = decode(text, text_len);
        if (*message == NULL)
            return FALSE;
    }
    return TRUE;
}

gboolean
pst_exec_peer_read(PstExecPeer *peer, PstMessage **message)
{
    guint8 buffer[READ_STEP];

    while (*message == NULL) {
        gssize n = recv(peer->fd, buffer, sizeof(buffer), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        if (n == 0)
            return FALSE;
        if (!feed(peer, buffer, (gsize)n, message)) {
            g_clear_pointer(message, pst_message_free);
            return FALSE;
        }
    }
    return TRUE;
}

void
pst_exec_peer_answer(PstExecPeer *peer, const char *text)
{
    peer->answered = TRUE;
    pst_frame_append(peer->output, text, strlen(text));
    pst_exec_peer_write(peer);
}

gboolean
pst_exec_peer_write(PstExecPeer *peer)
{
    while (peer->written < peer->output->len) {
        gssize n = send(peer->fd, peer->output->data + peer->written,
                        peer->output->len - peer->written, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        peer->written += (gsize)n;
    }
    return TRUE;
}

gboolean
pst_exec_peer_is_writing(const PstExecPeer *peer)
{
    return peer->written < peer->output->len;
}

gboolean
pst_exec_peer_is_done(const PstExecPeer *peer)
{
    return peer->answered && peer->written == peer->output->len;
}
