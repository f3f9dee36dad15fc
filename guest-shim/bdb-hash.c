// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/bdb-hash.h"

#include <string.h>

#include "protocol/error.h"

/* The first page: DBMETA and HMETA of dbinc/db_page.h. */
#define META 72
#define META_MAGIC 12
#define META_VERSION 16
#define META_PAGE_SIZE 20
#define META_ENCRYPTED 24
#define META_TYPE 25
#define META_LAST_PAGE 32
#define HASH_MAGIC 0x061561
#define OLDEST 8
#define NEWEST 10
#define TYPE_HASH_META 8
#define MIN_PAGE_SIZE 512
#define MAX_PAGE_SIZE 65536

/* Every other: PAGE, with an index of 16 bits an item behind it. */
#define PAGE_HEADER 26
#define PAGE_NEXT 16
#define PAGE_ENTRIES 20
#define PAGE_FREE 22 /* of an overflow page: how many bytes it holds */
#define PAGE_TYPE 25
#define TYPE_HASH_UNSORTED 2
#define TYPE_OVERFLOW 7
#define TYPE_HASH 13

/* The first byte of an item: HKEYDATA, HOFFPAGE. */
#define ITEM_DATA 1
#define ITEM_ELSEWHERE 3
#define ELSEWHERE 12

typedef struct {
    const PstByteSource *source;
    gboolean swapped; /* the highest byte first */
    guint32 page_size;
    guint64 n_pages;
    guint64 left; /* overflow pages that may still be visited: a circle ends */
    gsize max_value;
    PstByteSourceEach each;
    gpointer user_data;
} Walk;

static gboolean
damaged(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the Berkeley DB database is damaged: %s",
                what);
    return FALSE;
}

static guint32
u32(const Walk *walk, const guint8 *bytes)
{
    return walk->swapped ? pst_byte_source_be32(bytes) : pst_byte_source_le32(bytes);
}

static guint32
u16(const Walk *walk, const guint8 *bytes)
{
    return walk->swapped ? (guint32)bytes[0] << 8 | bytes[1] : (guint32)bytes[1] << 8 | bytes[0];
}

static gboolean
read_page(const Walk *walk, guint64 number, guint8 *page)
{
    return number < walk->n_pages &&
           walk->source->read(walk->source->data, number * walk->page_size, page, walk->page_size);
}

/* A value of LEN bytes in a chain of pages that begins at NUMBER. */
static gboolean
take_chain(Walk *walk, gint64 key, guint64 number, guint32 len, GError **error)
{
    g_autofree guint8 *page = g_malloc(walk->page_size);
    g_autoptr(GByteArray) value = g_byte_array_new();

    if (len > walk->max_value)
        return damaged(error, "a value is too long");
    while (value->len < len) {
        if (walk->left == 0 || !read_page(walk, number, page) || page[PAGE_TYPE] != TYPE_OVERFLOW)
            return damaged(error, "a long value is not whole");
        walk->left--;
        guint32 n = u16(walk, page + PAGE_FREE);
        if (n == 0 || n > walk->page_size - PAGE_HEADER || n > len - value->len)
            return damaged(error, "a long value has another length than it says");
        g_byte_array_append(value, page + PAGE_HEADER, n);
        number = u32(walk, page + PAGE_NEXT);
    }
    return walk->each(key, value->data, value->len, walk->user_data, error);
}

/* The bytes of item I, which lie between its own place and that of the item before it. */
static const guint8 *
item_of(const Walk *walk, const guint8 *page, guint32 i, guint32 *len)
{
    const guint8 *index = page + PAGE_HEADER;
    guint32 n = u16(walk, page + PAGE_ENTRIES);
    guint32 start = u16(walk, index + 2 * (gsize)i);
    guint32 end = i == 0 ? walk->page_size : u16(walk, index + 2 * ((gsize)i - 1));

    if (start < PAGE_HEADER + 2 * n || start >= end || end > walk->page_size)
        return NULL;
    *len = end - start;
    return page + start;
}

static gint64
key_of(const Walk *walk, const guint8 *item, guint32 len)
{
    return item[0] == ITEM_DATA && len == 5 ? (gint64)u32(walk, item + 1) : -1;
}

static gboolean
take_pair(Walk *walk, const guint8 *page, guint32 i, GError **error)
{
    guint32 key_len = 0, len = 0;
    const guint8 *key = item_of(walk, page, i, &key_len);
    const guint8 *value = item_of(walk, page, i + 1, &len);

    if (key == NULL || value == NULL)
        return damaged(error, "an item is not within its page");
    gint64 id = key_of(walk, key, key_len);
    if (value[0] == ITEM_ELSEWHERE && len == ELSEWHERE)
        return take_chain(walk, id, u32(walk, value + 4), u32(walk, value + 8), error);
    if (value[0] != ITEM_DATA)
        return damaged(error, "an item is of a kind that rpm does not write");
    if (len - 1 > walk->max_value)
        return damaged(error, "a value is too long");
    return walk->each(id, value + 1, len - 1, walk->user_data, error);
}

static gboolean
take_page(Walk *walk, const guint8 *page, GError **error)
{
    guint32 n = u16(walk, page + PAGE_ENTRIES);

    if (page[PAGE_TYPE] != TYPE_HASH && page[PAGE_TYPE] != TYPE_HASH_UNSORTED)
        return TRUE;
    if (n % 2 != 0 || PAGE_HEADER + 2 * n > walk->page_size)
        return damaged(error, "a page has half a pair");
    for (guint32 i = 0; i < n; i += 2)
        if (!take_pair(walk, page, i, error))
            return FALSE;
    return TRUE;
}

static gboolean
open_walk(Walk *walk, GError **error)
{
    const PstByteSource *source = walk->source;
    guint8 meta[META];

    if (source->size < META || !source->read(source->data, 0, meta, META))
        return damaged(error, "it has no header");
    walk->swapped = pst_byte_source_be32(meta + META_MAGIC) == HASH_MAGIC;
    guint32 version = u32(walk, meta + META_VERSION);
    walk->page_size = u32(walk, meta + META_PAGE_SIZE);
    if (u32(walk, meta + META_MAGIC) != HASH_MAGIC || meta[META_TYPE] != TYPE_HASH_META ||
        version < OLDEST || version > NEWEST || meta[META_ENCRYPTED] != 0)
        return damaged(error, "it is no plain hash database");
    if (walk->page_size < MIN_PAGE_SIZE || walk->page_size > MAX_PAGE_SIZE ||
        (walk->page_size & (walk->page_size - 1)) != 0)
        return damaged(error, "its pages have no size");
    walk->n_pages = (guint64)u32(walk, meta + META_LAST_PAGE) + 1;
    if (walk->n_pages > source->size / walk->page_size)
        return damaged(error, "it ends before its last page");
    walk->left = walk->n_pages;
    return TRUE;
}

gboolean
pst_bdb_hash_each(const PstByteSource *source, gsize max_value, PstByteSourceEach each,
                  gpointer user_data, GError **error)
{
    Walk walk = {.source = source, .max_value = max_value, .each = each, .user_data = user_data};

    if (!open_walk(&walk, error))
        return FALSE;
    g_autofree guint8 *page = g_malloc(walk.page_size);
    for (guint64 i = 1; i < walk.n_pages; i++) {
        if (!read_page(&walk, i, page))
            return damaged(error, "a page can't be read");
        if (!take_page(&walk, page, error))
            return FALSE;
    }
    return TRUE;
}
