// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/byte-source.h"

#include <unistd.h>

static gboolean
read_file(gpointer data, guint64 offset, guint8 *bytes, gsize len)
{
    int fd = GPOINTER_TO_INT(data);

    while (len > 0) {
        gssize n = pread(fd, bytes, len, (off_t)offset);
        if (n <= 0)
            return FALSE;
        bytes += n;
        offset += (guint64)n;
        len -= (gsize)n;
    }
    return TRUE;
}

PstByteSource
pst_byte_source_of_file(int fd, guint64 size)
{
    return (PstByteSource){read_file, GINT_TO_POINTER(fd), size};
}

guint32
pst_byte_source_le32(const guint8 *bytes)
{
    return (guint32)bytes[3] << 24 | (guint32)bytes[2] << 16 | (guint32)bytes[1] << 8 | bytes[0];
}

guint32
pst_byte_source_be32(const guint8 *bytes)
{
    return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}
