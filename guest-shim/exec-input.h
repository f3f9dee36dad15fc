// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/exec.h"

/* What a command is fed: pieces in any number, each taken once however often it is sent, and not
 * more than a pipe's worth of them waiting. Where it was said beforehand what the whole of it is,
 * as it stands in the audit, the last piece is held back until that is so. */

typedef struct PstExecInputFeed PstExecInputFeed;

/* FD is the pipe to the command, which is taken over; -1: it has none. BYTES and SHA256 are what
 * the whole is said to be; -1 and NULL: nothing was. */
PstExecInputFeed *pst_exec_input_new(int fd, gint64 bytes, const char *sha256);
void pst_exec_input_free(PstExecInputFeed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecInputFeed, pst_exec_input_free)

/* Takes what fits of PIECE. FALSE with PST_ERROR_INVALID_PARAMS where it leaves a gap, or comes
 * after the end. */
gboolean pst_exec_input_take(PstExecInputFeed *feed, const PstExecInput *piece, GError **error);

/* Whether all of PIECE was taken. */
gboolean pst_exec_input_has(const PstExecInputFeed *feed, const PstExecInput *piece);

/* How many bytes were taken. */
gint64 pst_exec_input_taken(const PstExecInputFeed *feed);

/* Whether the end came, and the whole is not what it was said to be. */
gboolean pst_exec_input_differs(const PstExecInputFeed *feed);

/* The pipe, where something waits to be written to it; -1. */
int pst_exec_input_fd(const PstExecInputFeed *feed);

/* Writes what the pipe takes, and closes it behind the end. */
void pst_exec_input_write(PstExecInputFeed *feed);
