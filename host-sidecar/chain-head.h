// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/chain-line.h"

/* The head of the audit log's chain, in a file beside it, FILE.head: which line was the last when
 * the last writer was done. With it a log that was cut at its end is told from one that ends there;
 * its lock is the turn of the writers. */

typedef struct {
    guint64 seq;                       /* of the last line; 0: there is none yet */
    char sha256[PST_CHAIN_DIGITS + 1]; /* of it */
    gint64 bytes;                      /* of the file, up to that line's end */
    guint64 first;                     /* of the file's first line; 0: not known */
    guint64 kept;                      /* what was before that was removed for its age */
    char boot[40];                     /* the boot in which that was so */
} PstChainHead;

/* The size of its file. */
#define PST_CHAIN_HEAD_BYTES 384

/* Of a chain that has no line. */
void pst_chain_head_begin(PstChainHead *head);

/* Free with g_free(). */
char *pst_chain_head_path(const char *log);

/* Opens it for a writer and takes the turn, for which it waits three seconds: -1 with
 * PST_ERROR_OUTPUT. The lock goes with the descriptor. */
int pst_chain_head_take(const char *path, GError **error);

/* FALSE where it holds no head: it is new, or damaged. */
gboolean pst_chain_head_read(int fd, PstChainHead *head);

/* FALSE with errno. */
gboolean pst_chain_head_write(int fd, const PstChainHead *head);

/* What the file holds, and what it says. */
void pst_chain_head_to_text(const PstChainHead *head, char text[PST_CHAIN_HEAD_BYTES + 1]);
gboolean pst_chain_head_parse(const char *text, gsize len, PstChainHead *head);
