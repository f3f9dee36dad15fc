// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/rpm-header.h"

#include <string.h>

#define PREAMBLE 8
#define ENTRY 16
/* lib/header.c refuses more, too. */
#define MAX_TAGS 0xffff

/* rpmTagType */
enum {
    TYPE_CHAR = 1,
    TYPE_INT8 = 2,
    TYPE_INT16 = 3,
    TYPE_INT32 = 4,
    TYPE_INT64 = 5,
    TYPE_STRING = 6,
    TYPE_STRING_ARRAY = 8,
    TYPE_I18NSTRING = 9,
};

static const gsize number_sizes[] = {
    [TYPE_CHAR] = 1, [TYPE_INT8] = 1, [TYPE_INT16] = 2, [TYPE_INT32] = 4, [TYPE_INT64] = 8,
};

static guint32
be32(const guint8 *bytes)
{
    return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}

gboolean
pst_rpm_header_open(const guint8 *bytes, gsize len, PstRpmHeader *header)
{
    if (len < PREAMBLE)
        return FALSE;
    header->n_tags = be32(bytes);
    header->store_len = be32(bytes + 4);
    if (header->n_tags == 0 || header->n_tags > MAX_TAGS)
        return FALSE;
    gsize index_len = (gsize)header->n_tags * ENTRY;
    if (index_len > len - PREAMBLE || header->store_len > len - PREAMBLE - index_len)
        return FALSE;
    header->index = bytes + PREAMBLE;
    header->store = header->index + index_len;
    return TRUE;
}

static gboolean
is_text(guint32 type)
{
    return type == TYPE_STRING || type == TYPE_STRING_ARRAY || type == TYPE_I18NSTRING;
}

PstRpmHeaderValue
pst_rpm_header_get(const PstRpmHeader *header, PstRpmHeaderTag tag)
{
    PstRpmHeaderValue none = {NULL, NULL, 0, 0};

    for (guint32 i = 0; i < header->n_tags; i++) {
        const guint8 *entry = header->index + (gsize)i * ENTRY;
        guint32 offset = be32(entry + 8);
        PstRpmHeaderValue value = {.type = be32(entry + 4), .n = be32(entry + 12)};

        if (be32(entry) != (guint32)tag)
            continue;
        if (offset >= header->store_len)
            return none;
        value.at = header->store + offset;
        value.end = header->store + header->store_len;
        gsize left = (gsize)(value.end - value.at);
        gsize size = value.type < G_N_ELEMENTS(number_sizes) ? number_sizes[value.type] : 0;
        /* A string has one byte at the least, its NUL. */
        if ((size == 0 && !is_text(value.type)) || value.n > left / MAX(size, 1))
            return none;
        return value;
    }
    return none;
}

const char *
pst_rpm_header_next(PstRpmHeaderValue *value)
{
    const char *text = (const char *)value->at;

    if (value->n == 0 || !is_text(value->type))
        return NULL;
    const guint8 *nul = memchr(value->at, 0, (gsize)(value->end - value->at));
    if (nul == NULL) {
        value->n = 0;
        return NULL;
    }
    value->at = nul + 1;
    value->n--;
    return text;
}

const char *
pst_rpm_header_string(const PstRpmHeader *header, PstRpmHeaderTag tag)
{
    PstRpmHeaderValue value = pst_rpm_header_get(header, tag);

    return pst_rpm_header_next(&value);
}

GPtrArray *
pst_rpm_header_strings(const PstRpmHeader *header, PstRpmHeaderTag tag)
{
    PstRpmHeaderValue value = pst_rpm_header_get(header, tag);
    GPtrArray *strings = g_ptr_array_new();
    const char *text;

    while ((text = pst_rpm_header_next(&value)) != NULL)
        g_ptr_array_add(strings, (gpointer)text);
    return strings;
}

gboolean
pst_rpm_header_number(const PstRpmHeaderValue *value, guint32 i, guint64 *number)
{
    if (i >= value->n || value->type >= G_N_ELEMENTS(number_sizes))
        return FALSE;
    gsize size = number_sizes[value->type];
    const guint8 *bytes = value->at + (gsize)i * size;

    *number = 0;
    for (gsize j = 0; j < size; j++)
        *number = *number << 8 | bytes[j];
    return size > 0;
}
