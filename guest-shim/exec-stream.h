// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/exec.h"

/* A command's output on its way to whoever asks: what was read and has not arrived there yet, so
 * that an answer which was lost can be given once more. All else waits in the pipe. */

typedef struct PstExecStreamBuffer PstExecStreamBuffer;

/* Of a detached command's stream, so much of what came last is kept. */
#define PST_EXEC_STREAM_KEPT (512 * 1024)

/* FD is the pipe, which is taken over and does not block. DETACHED: nobody's reading empties it,
 * and of what is more than is kept the oldest is dropped. */
PstExecStreamBuffer *pst_exec_stream_new(int fd, gboolean detached);
void pst_exec_stream_free(PstExecStreamBuffer *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecStreamBuffer, pst_exec_stream_free)

/* The pipe; -1 where it has ended. */
int pst_exec_stream_fd(const PstExecStreamBuffer *stream);
gboolean pst_exec_stream_ended(const PstExecStreamBuffer *stream);

/* Whether fewer than MAX bytes are held; reads until MAX are, or the pipe has no more for now. */
gboolean pst_exec_stream_has_room(const PstExecStreamBuffer *stream, gsize max);
void pst_exec_stream_read(PstExecStreamBuffer *stream, gsize max);

/* Nothing more is read. */
void pst_exec_stream_end(PstExecStreamBuffer *stream);

/* The place in the stream of the first byte that is held. */
gint64 pst_exec_stream_at(const PstExecStreamBuffer *stream);

/* What is held, lent, of *LEN bytes. */
const guint8 *pst_exec_stream_held(const PstExecStreamBuffer *stream, gsize *len);

/* What lies before FROM has arrived. FALSE with PST_ERROR_INVALID_PARAMS where it was dropped
 * earlier, or was not read yet. */
gboolean pst_exec_stream_drop(PstExecStreamBuffer *stream, gint64 from, GError **error);

/* Whether anything is held that lies behind FROM. */
gboolean pst_exec_stream_has(const PstExecStreamBuffer *stream, gint64 from);

/* Fills PIECE with what is held from FROM on, at most MAX bytes; from what is held first where FROM
 * lies before it. */
void pst_exec_stream_page(const PstExecStreamBuffer *stream, gint64 from, gsize max,
                          PstExecPiece *piece);
