// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "guest-shim/byte-source.h"

/* Bytes in memory as a PstByteSource. */

typedef struct {
    const guint8 *bytes;
    gsize len;
} Memory;

static inline gboolean
read_memory(gpointer data, guint64 offset, guint8 *bytes, gsize len)
{
    const Memory *memory = data;

    if (offset > memory->len || len > memory->len - offset)
        return FALSE;
    memcpy(bytes, memory->bytes + offset, len);
    return TRUE;
}

static inline PstByteSource
memory_source(Memory *memory)
{
    return (PstByteSource){read_memory, memory, memory->len};
}
