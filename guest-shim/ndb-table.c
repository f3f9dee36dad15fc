// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ndb-table.h"

#include <string.h>

#include "protocol/error.h"

/* All of rpmpkg.c; what it calls blocks are the units of a slot's offset and length. */
#define MAGIC "RpmP"
#define VERSION 0
#define HEADER 32
#define PAGE 4096
#define SLOT 16
#define BLOCK 16
#define SLOT_MAGIC "Slot"
#define HEAD_MAGIC "BlbS"
#define HEAD 16
#define TAIL_MAGIC "BlbE"
#define TAIL 12
/* Room for three million packages. */
#define MAX_PAGES 12000

typedef struct {
    const PstByteSource *source;
    gsize max_blob;
    PstByteSourceEach each;
    gpointer user_data;
} Walk;

static gboolean
damaged(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the ndb database is damaged: %s", what);
    return FALSE;
}

static gboolean
read_at(const PstByteSource *source, guint64 offset, guint8 *bytes, gsize len)
{
    return offset <= source->size && len <= source->size - offset &&
           source->read(source->data, offset, bytes, len);
}

/* Adler-32 (RFC 1950, 8.2), which a tail has of all that stands before it. */
static guint32
checksum(const guint8 *bytes, gsize len)
{
    guint32 low = 1, high = 0;

    for (gsize i = 0; i < len; i++) {
        low = (low + bytes[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

static gboolean
has_magic(const guint8 *bytes, const char *magic)
{
    return memcmp(bytes, magic, 4) == 0;
}

/* A head with number and length, the blob, zeros up to a whole block, a tail with the length again.
 */
static gboolean
take_blob(const Walk *walk, guint32 id, guint64 offset, guint64 room, GError **error)
{
    if (room < HEAD + TAIL || offset > walk->source->size || room > walk->source->size - offset)
        return damaged(error, "a slot leads out of it");
    if (room > walk->max_blob + HEAD + TAIL + BLOCK)
        return damaged(error, "a blob is too long");

    g_autofree guint8 *blob = g_malloc(room);
    const guint8 *tail = blob + room - TAIL;
    if (!read_at(walk->source, offset, blob, room))
        return damaged(error, "a blob can't be read");
    guint32 len = pst_byte_source_le32(blob + 12);
    if (!has_magic(blob, HEAD_MAGIC) || pst_byte_source_le32(blob + 4) != id ||
        !has_magic(tail + 8, TAIL_MAGIC) || pst_byte_source_le32(tail + 4) != len ||
        len > MIN(room - HEAD - TAIL, walk->max_blob))
        return damaged(error, "a slot leads to no blob of its own");
    if (pst_byte_source_le32(tail) != checksum(blob, room - TAIL))
        return damaged(error, "a blob's checksum does not hold");
    return walk->each(id, blob + HEAD, len, walk->user_data, error);
}

static gboolean
take_slot(const Walk *walk, const guint8 *slot, GError **error)
{
    guint32 id = pst_byte_source_le32(slot + 4), block = pst_byte_source_le32(slot + 8);

    if (!has_magic(slot, SLOT_MAGIC))
        return damaged(error, "a slot has no mark");
    /* An empty one has no blocks; the number of a package is never 0. */
    if (block == 0)
        return TRUE;
    return take_blob(walk, id, (guint64)block * BLOCK,
                     (guint64)pst_byte_source_le32(slot + 12) * BLOCK, error);
}

gboolean
pst_ndb_table_each(const PstByteSource *source, gsize max_blob, PstByteSourceEach each,
                   gpointer user_data, GError **error)
{
    const Walk walk = {source, max_blob, each, user_data};
    guint8 page[PAGE];

    if (!read_at(source, 0, page, HEADER) || !has_magic(page, MAGIC) ||
        pst_byte_source_le32(page + 4) != VERSION)
        return damaged(error, "it has no header");
    guint32 n_pages = pst_byte_source_le32(page + 12);
    if (n_pages == 0 || n_pages > MAX_PAGES)
        return damaged(error, "its slots have no end");
    for (guint32 i = 0; i < n_pages; i++) {
        if (!read_at(source, (guint64)i * PAGE, page, PAGE))
            return damaged(error, "it ends among its slots");
        /* The header has the place of the first slots. */
        for (gsize at = i == 0 ? HEADER : 0; at < PAGE; at += SLOT)
            if (!take_slot(&walk, page + at, error))
                return FALSE;
    }
    return TRUE;
}
