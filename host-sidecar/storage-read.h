// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* The plain bytes of a storage volume, through libvirt. What a pool says of a volume's format, size
 * or backing file may be the word of a guest that wrote it: it is neither asked for nor believed.
 * Both block: only inside of tasks. */

/* Takes the next LEN bytes. */
typedef void (*PstStorageSink)(const guint8 *bytes, gsize len, gpointer user_data);

/* Reads the volume from OFFSET on, which may lie behind its end; after MAX_BYTES it ends as if that
 * were all. A volume that libvirt is busy with is tried again for a second. PST_ERROR_PATH_SHUT. */
gboolean pst_storage_read(virStorageVolPtr volume, guint64 offset, gsize max_bytes,
                          PstStorageSink sink, gpointer user_data, GError **error);

/* How many bytes it has; 0 where not known. */
guint64 pst_storage_read_size(virStorageVolPtr volume);

/* When it was last written to, the host's real time in microseconds; 0 where not known, or where
 * its date is none: before 1970, or more than a minute in the future. */
gint64 pst_storage_read_mtime_us(virStorageVolPtr volume);
