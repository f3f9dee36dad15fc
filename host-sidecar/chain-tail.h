// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/chain-head.h"

/* What stands at the end of the audit log behind the line that its head names: what a writer wrote
 * that was killed before it could say so, or what somebody else put there. */

typedef struct {
    gsize torn;                             /* bytes of a line that was not written to its end */
    char torn_sha256[PST_CHAIN_DIGITS + 1]; /* of them */
    gsize spare;      /* bytes behind them, of a seal that was not written to its end either */
    gboolean foreign; /* there are lines that are none of the chain */
    gboolean open;    /* the file does not end in a line feed */
} PstChainTail;

/* Goes on from HEAD over the lines that follow it in the chain. FALSE with errno. */
gboolean pst_chain_tail_take(int fd, gint64 size, PstChainHead *head, PstChainTail *tail);

/* Where the head is lost: makes one of the file's own lines. FALSE where none of the last is of a
 * chain. */
gboolean pst_chain_tail_recover(int fd, gint64 size, PstChainHead *head);
