// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/message.h"

/* A caller's connection to an API socket: frames in, frames out, in an event loop. Whatever comes
 * and however slowly it is read, it costs no more than its own bounds:
 *
 * - 64 frames that are dropped or hold no message within a minute, or 64 KiB outside of any frame,
 *   and it is hung up on;
 * - while 1 MiB of answers waits to be read, nothing more is read from it;
 * - 8 MiB of answers, or ten seconds in which it took none of them, and it is hung up on. */

#define PST_PEER_MAX_STRAY (64 * 1024)
#define PST_PEER_PAUSE_BYTES (1024 * 1024)
#define PST_PEER_MAX_QUEUED (8 * 1024 * 1024)
#define PST_PEER_STALL_S 10

typedef struct PstPeer PstPeer;

typedef struct {
    /* A message that was read. It may send, and end the peer, and must not free it. */
    void (*message)(PstMessage *message, gpointer user_data);
    /* A frame that holds no message, with the error that says why; as above. */
    void (*unreadable)(const GError *error, gpointer user_data);
    /* It sends no more; what it asked for it may still want to read. */
    void (*finished)(gpointer user_data);
    /* It is gone, or was hung up on: to be freed now. Told once, never from inside of a call. */
    void (*gone)(gpointer user_data);
} PstPeerListener;

/* Takes FD, which must not block. Reads nothing before pst_peer_read(). Of the thread of CONTEXT.
 */
PstPeer *pst_peer_new(int fd, GMainContext *context, const PstPeerListener *listener,
                      gpointer user_data);
void pst_peer_free(PstPeer *peer);

void pst_peer_read(PstPeer *peer);

/* TEXT is a message as pst_message_*() write them. What is sent to a peer that is gone is lost. */
void pst_peer_send(PstPeer *peer, const char *text);

/* While it is corked, what is sent is queued, and nothing of it is written. */
void pst_peer_cork(PstPeer *peer, gboolean corked);

/* While it is held, nothing more is read from it. */
void pst_peer_hold(PstPeer *peer, gboolean held);

/* Hangs up once what is queued is written. */
void pst_peer_end(PstPeer *peer);

/* Something that was sent is not written yet. */
gboolean pst_peer_has_output(const PstPeer *peer);

gboolean pst_peer_has_finished(const PstPeer *peer);
