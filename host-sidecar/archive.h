// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A bundle as one file: a tar archive compressed by zstd, by libarchive and without any process. */

#define PST_ARCHIVE_SUFFIX ".tar.zst"

/* Packs the files at PATHS below the folder into the archive, each as TOP/PATH. FALSE with
 * PST_ERROR_OUTPUT. */
gboolean pst_archive_pack(int archive_fd, int folder_fd, const char *top, const GPtrArray *paths,
                          GError **error);

typedef enum {
    PST_ARCHIVE_FILE,
    PST_ARCHIVE_FOLDER,
    PST_ARCHIVE_LINK,
    PST_ARCHIVE_OTHER,
} PstArchiveKind;

/* What is in an archive, entry by entry. READ takes the next bytes of a file: their number, 0 at
 * the entry's end, -1 with PST_ERROR_PROTOCOL where the archive is broken. FALSE with an error ends
 * the reading. */
typedef gssize (*PstArchiveRead)(gpointer archive, guint8 *buffer, gsize len, GError **error);
typedef gboolean (*PstArchiveEach)(const char *path, PstArchiveKind kind, PstArchiveRead read,
                                   gpointer archive, gpointer user_data, GError **error);

/* Tells EACH of at most MAX entries. Any bytes may be behind FD: FALSE with PST_ERROR_PROTOCOL
 * where they are no archive, have more entries, or more than MAX_BYTES with all that is around the
 * entries; then at most some 100 MiB more were decompressed. PST_ERROR_UNAVAILABLE where FD itself
 * could not be read. */
gboolean pst_archive_each(int fd, guint max, gint64 max_bytes, PstArchiveEach each,
                          gpointer user_data, GError **error);
