// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sqlite-table.h"

#include <string.h>

#include "protocol/error.h"

#define MAGIC "SQLite format 3"
#define HEADER 100
#define MAX_DEPTH 20
#define INTERIOR 0x05
#define LEAF 0x0d
#define MAX_SCHEMA_ROW (64 * 1024)

typedef struct {
    const PstByteSource *source;
    guint32 page_size, usable; /* bytes of a page, and those that SQLite itself may use of it */
    guint32 n_pages;
    guint32 left; /* pages that may still be visited: a circle ends */
    gsize max_row;
    PstByteSourceEach each;
    gpointer user_data;
} Walk;

static gboolean
damaged(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the SQLite database is damaged: %s",
                what);
    return FALSE;
}

static guint32
be16(const guint8 *bytes)
{
    return (guint32)bytes[0] << 8 | bytes[1];
}

static guint32
be32(const guint8 *bytes)
{
    return be16(bytes) << 16 | be16(bytes + 2);
}

/* A varint of at most nine bytes; 0 where it passes END, otherwise how many bytes it has. */
static gsize
read_varint(const guint8 *bytes, const guint8 *end, guint64 *value)
{
    *value = 0;
    for (gsize i = 0; i < 9 && bytes + i < end; i++) {
        if (i == 8) {
            *value = *value << 8 | bytes[i];
            return 9;
        }
        *value = *value << 7 | (bytes[i] & 0x7f);
        if ((bytes[i] & 0x80) == 0)
            return i + 1;
    }
    return 0;
}

static gboolean
read_page(Walk *walk, guint32 number, guint8 *page, GError **error)
{
    const PstByteSource *source = walk->source;

    if (number == 0 || number > walk->n_pages)
        return damaged(error, "a page that is not there");
    if (walk->left == 0)
        return damaged(error, "its pages go in a circle");
    walk->left--;
    if (!source->read(source->data, (guint64)(number - 1) * walk->page_size, page, walk->page_size))
        return damaged(error, "a page that can't be read");
    return TRUE;
}

/* How much of a row of LEN bytes stands in its leaf (section "B-tree Pages", table leaf cells). */
static gsize
local_bytes(const Walk *walk, gsize len)
{
    gsize usable = walk->usable, max = usable - 35, min = (usable - 12) * 32 / 255 - 23;

    if (len <= max)
        return len;
    gsize with_rest = min + (len - min) % (usable - 4);
    return with_rest <= max ? with_rest : min;
}

/* The rest of a row, in a chain of pages that begins with FIRST. */
static gboolean
read_overflow(Walk *walk, guint32 first, guint8 *to, gsize len, GError **error)
{
    g_autofree guint8 *page = g_malloc(walk->page_size);

    for (guint32 next = first; len > 0; next = be32(page)) {
        if (!read_page(walk, next, page, error))
            return FALSE;
        gsize n = MIN(len, walk->usable - 4);
        memcpy(to, page + 4, n);
        to += n;
        len -= n;
    }
    return TRUE;
}

static gboolean
visit_row(Walk *walk, const guint8 *cell, const guint8 *end, GError **error)
{
    guint64 len, id;
    gsize n_len = read_varint(cell, end, &len);
    gsize n_id = n_len > 0 ? read_varint(cell + n_len, end, &id) : 0;

    if (n_id == 0)
        return damaged(error, "a row that passes its page");
    if (len > walk->max_row)
        return damaged(error, "a row that is too long");
    const guint8 *payload = cell + n_len + n_id;
    gsize local = local_bytes(walk, len);
    gboolean overflows = local < len;
    if (local + (overflows ? 4 : 0) > (gsize)(end - payload))
        return damaged(error, "a row that passes its page");
    if (!overflows)
        return walk->each((gint64)id, payload, len, walk->user_data, error);

    g_autofree guint8 *record = g_malloc(len);
    memcpy(record, payload, local);
    return read_overflow(walk, be32(payload + local), record + local, len - local, error) &&
           walk->each((gint64)id, record, len, walk->user_data, error);
}

static gboolean walk_page(Walk *walk, guint32 number, guint depth, GError **error);

static gboolean
walk_cells(Walk *walk, const guint8 *page, gsize start, guint depth, GError **error)
{
    const guint8 *end = page + walk->usable;
    gboolean interior = page[start] == INTERIOR;
    gsize pointers = start + (interior ? 12 : 8);
    guint32 n = be16(page + start + 3);

    if (page[start] != LEAF && !interior)
        return damaged(error, "a page of another kind");
    if (pointers + (gsize)n * 2 > walk->usable)
        return damaged(error, "a page with too many rows");
    for (guint32 i = 0; i < n; i++) {
        gsize at = be16(page + pointers + (gsize)i * 2);

        if (at < pointers || at + 4 > walk->usable)
            return damaged(error, "a row outside of its page");
        if (!(interior ? walk_page(walk, be32(page + at), depth + 1, error)
                       : visit_row(walk, page + at, end, error)))
            return FALSE;
    }
    return !interior || walk_page(walk, be32(page + start + 8), depth + 1, error);
}

static gboolean
walk_page(Walk *walk, guint32 number, guint depth, GError **error)
{
    g_autofree guint8 *page = g_malloc(walk->page_size);

    if (depth > MAX_DEPTH)
        return damaged(error, "it is too deep");
    return read_page(walk, number, page, error) &&
           walk_cells(walk, page, number == 1 ? HEADER : 0, depth, error);
}

static gboolean
open_walk(Walk *walk, GError **error)
{
    guint8 header[HEADER];
    const PstByteSource *source = walk->source;

    if (source->size < HEADER || !source->read(source->data, 0, header, HEADER) ||
        memcmp(header, MAGIC, sizeof(MAGIC)) != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "it is no SQLite database");
        return FALSE;
    }
    walk->page_size = be16(header + 16) == 1 ? 65536 : be16(header + 16);
    if (walk->page_size < 512 || (walk->page_size & (walk->page_size - 1)) != 0 ||
        walk->page_size - header[20] < 480)
        return damaged(error, "an impossible size of its pages");
    walk->usable = walk->page_size - header[20];
    walk->n_pages = (guint32)MIN(source->size / walk->page_size, G_MAXUINT32);
    return TRUE;
}

/* ---- records ---- */

static gsize
size_of_type(guint64 type)
{
    static const gsize sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

    if (type < G_N_ELEMENTS(sizes))
        return sizes[type];
    return (type - 12) / 2 > G_MAXINT32 ? G_MAXINT32 : (gsize)((type - 12) / 2);
}

/* The bytes of a column and its serial type; NULL where the record has none such. */
static const guint8 *
find_column(const guint8 *record, gsize len, guint column, guint64 *type)
{
    const guint8 *end = record + len;
    guint64 header_len;
    gsize at = read_varint(record, end, &header_len);

    if (at == 0 || header_len > len)
        return NULL;
    gsize body = header_len;
    for (guint i = 0; at < header_len; i++) {
        gsize n = read_varint(record + at, record + header_len, type);
        if (n == 0 || size_of_type(*type) > len - body)
            return NULL;
        if (i == column)
            return record + body;
        at += n;
        body += size_of_type(*type);
    }
    return NULL;
}

const guint8 *
pst_sqlite_table_bytes(const guint8 *record, gsize len, guint column, gsize *column_len)
{
    guint64 type;
    const guint8 *bytes = find_column(record, len, column, &type);

    if (bytes == NULL || type < 12)
        return NULL;
    *column_len = size_of_type(type);
    return bytes;
}

gboolean
pst_sqlite_table_integer(const guint8 *record, gsize len, guint column, gint64 *number)
{
    guint64 type;
    const guint8 *bytes = find_column(record, len, column, &type);

    if (bytes == NULL || type == 0 || type == 7 || type > 9)
        return FALSE;
    if (type >= 8) {
        *number = type == 9;
        return TRUE;
    }
    guint64 value = (bytes[0] & 0x80) != 0 ? G_MAXUINT64 : 0;
    for (gsize i = 0; i < size_of_type(type); i++)
        value = value << 8 | bytes[i];
    *number = (gint64)value;
    return TRUE;
}

/* ---- the schema ---- */

typedef struct {
    const char *table;
    gint64 root; /* the page; 0 where it was not found */
} Search;

static gboolean
column_is(const guint8 *record, gsize len, guint column, const char *text)
{
    gsize column_len = 0;
    const guint8 *bytes = pst_sqlite_table_bytes(record, len, column, &column_len);

    return bytes != NULL && column_len == strlen(text) && memcmp(bytes, text, column_len) == 0;
}

/* A row of sqlite_schema: type, name, tbl_name, rootpage, sql. */
static gboolean
look_for_table(gint64 id G_GNUC_UNUSED, const guint8 *record, gsize len, gpointer user_data,
               GError **error G_GNUC_UNUSED)
{
    Search *search = user_data;

    if (column_is(record, len, 0, "table") && column_is(record, len, 1, search->table))
        pst_sqlite_table_integer(record, len, 3, &search->root);
    return TRUE;
}

gboolean
pst_sqlite_table_each(const PstByteSource *source, const char *table, gsize max_row,
                      PstByteSourceEach each, gpointer user_data, GError **error)
{
    Search search = {table, 0};
    Walk walk = {
        .source = source, .max_row = MAX_SCHEMA_ROW, .each = look_for_table, .user_data = &search};

    if (!open_walk(&walk, error))
        return FALSE;
    walk.left = walk.n_pages;
    if (!walk_page(&walk, 1, 0, error))
        return FALSE;
    if (search.root == 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "the database has no table %s", table);
        return FALSE;
    }
    if (search.root < 0 || search.root > walk.n_pages)
        return damaged(error, "a page that is not there");
    walk.left = walk.n_pages;
    walk.max_row = max_row;
    walk.each = each;
    walk.user_data = user_data;
    return walk_page(&walk, (guint32)search.root, 0, error);
}
