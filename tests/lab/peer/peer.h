// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stddef.h>

/* A scripted peer holds a guest's port and misbehaves on it in one known way. No library but libc,
 * and linked statically, so that it also runs as the only program of a guest. */

/* Serves the port FD until its end, if it has one. ARGV holds the peer's own arguments, each of
 * which may be NULL. */
typedef void (*PstPeerServe)(int fd, char *const *argv);

typedef struct {
    const char *name;
    const char *args;    /* for the usage text */
    const char *summary; /* one line */
    PstPeerServe serve;
} PstPeer;

extern const PstPeer pst_peer_raw_table[];      /* ends with a NULL name */
extern const PstPeer pst_peer_protocol_table[]; /* the same */

/* Serves the port FD until a `hello` has been answered as it should be. */
void pst_peer_protocol_answer_hello(int fd);
