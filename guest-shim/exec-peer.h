// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/message.h"

/* One request on a local socket, and its answer: how the shim, or `postern-exec --call`, asks who
 * runs commands. A connection is for one of them. Never blocks. */

typedef struct PstExecPeer PstExecPeer;

/* The other end's connection, which is taken over. */
PstExecPeer *pst_exec_peer_new(int fd);
void pst_exec_peer_free(PstExecPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecPeer, pst_exec_peer_free)

int pst_exec_peer_fd(const PstExecPeer *peer);

/* Reads what is there. FALSE where the other end has gone, or said what is no request: there is
 * nothing to be answered. *MESSAGE becomes the request, the caller's, once it is whole. */
gboolean pst_exec_peer_read(PstExecPeer *peer, PstMessage **message);

/* Takes the answer, JSON text, and writes what it can of it. */
void pst_exec_peer_answer(PstExecPeer *peer, const char *text);

/* Writes on. FALSE where the other end has gone. */
gboolean pst_exec_peer_write(PstExecPeer *peer);

/* Whether an answer waits to be written; and whether it is written to its end. */
gboolean pst_exec_peer_is_writing(const PstExecPeer *peer);
gboolean pst_exec_peer_is_done(const PstExecPeer *peer);
