// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/chain-line.h"

/* Appends to the audit log: a file of JSON lines, each chained to the one before it, the chain
 * going on from file to file when one is full. Writers, also of several processes, take turns. */

/* A file is full at so many bytes, and so many full ones are kept. */
#define PST_CHAIN_FILE_BYTES (16 * 1024 * 1024)
#define PST_CHAIN_KEPT_FILES 15

/* Of a line; a longer one is refused. */
#define PST_CHAIN_LINE_BYTES (128 * 1024)

typedef struct {
    guint64 seq;
    char sha256[PST_CHAIN_DIGITS + 1];
    /* How the log was found not to be as the last writer left it; a static text, NULL where it was.
     */
    const char *fault;
} PstChainEntry;

/* Appends the object, which has members, and tells what the line became. Where SYNCED, it is on the
 * disk when this returns, and so is the file's name; else a loss of power may take it, a killed
 * process may not. FALSE with PST_ERROR_OUTPUT: then nothing of it is in the file, but where it
 * alone could not be brought to the disk. Nobody waits for their turn while that is done. */
gboolean pst_chain_append(const char *path, const char *json, gboolean synced, PstChainEntry *entry,
                          GError **error);
