// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Bytes at any offset, for readers of files too large to be held, and what such a reader calls for
 * each of the things that it finds. */

typedef struct {
    /* Reads LEN bytes at OFFSET, all of them or FALSE. */
    gboolean (*read)(gpointer data, guint64 offset, guint8 *bytes, gsize len);
    gpointer data;
    guint64 size; /* in bytes */
} PstByteSource;

/* One thing: its number and its bytes. FALSE ends the walk, which fails with *error. */
typedef gboolean (*PstByteSourceEach)(gint64 id, const guint8 *bytes, gsize len, gpointer user_data,
                                      GError **error);

/* The bytes of an open file, of SIZE; the descriptor stays the caller's. */
PstByteSource pst_byte_source_of_file(int fd, guint64 size);

/* The numbers of those formats: 32 bits, the lowest byte first, or the highest. */
guint32 pst_byte_source_le32(const guint8 *bytes);
guint32 pst_byte_source_be32(const guint8 *bytes);
