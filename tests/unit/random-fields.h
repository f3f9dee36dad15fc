// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "protocol/fields.h"
#include "protocol/limits.h"

/* Random structs of any table of fields, and their comparison field by field: what property tests
 * of codecs need. The test framework prints the seed; --seed repeats a run. */

#define FIELD_AT(object, row, type) (*(type *)((char *)(object) + (row)->offset))

static inline char *
random_string(void)
{
    static const gunichar odd[] = {0x01,   0x1b,   0x1e,   0x1f,    '"',     '\\',
                                   '/',    '\n',   0x7f,   0x85,    0xe9,    0x202e,
                                   0x2028, 0xfffd, 0xffff, 0x1d11e, 0x10ffff};
    g_autoptr(GString) string = g_string_new(NULL);

    for (gint n = g_test_rand_int_range(0, 12); n > 0; n--) {
        if (g_test_rand_bit())
            g_string_append_unichar(string, odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))]);
        else
            g_string_append_c(string, (char)g_test_rand_int_range(' ', 127));
    }
    return g_string_free(g_steal_pointer(&string), FALSE);
}

static inline gint64
random_int(void)
{
    const gint64 edges[] = {0, -1, 1, PST_LIMIT_INTEGER, -PST_LIMIT_INTEGER, G_MAXINT32, 1LL << 32};

    return g_test_rand_bit() ? edges[g_test_rand_int_range(0, G_N_ELEMENTS(edges))]
                             : g_test_rand_int();
}

static inline char **
random_strings(void)
{
    gint n = g_test_rand_int_range(0, 4);
    char **strings = g_new0(char *, n + 1);

    for (gint i = 0; i < n; i++)
        strings[i] = random_string();
    return strings;
}

static inline gpointer random_fields(const PstFields *fields);

static inline GPtrArray *
random_list(const PstFields *fields)
{
    GPtrArray *list = g_ptr_array_new();

    for (gint n = g_test_rand_int_range(0, 4); n > 0; n--)
        g_ptr_array_add(list, random_fields(fields));
    return list;
}

static inline void
randomize_field(const PstField *row, gpointer object)
{
    gint n_names = 0;

    switch (row->type) {
    case PST_FIELD_STRING:
        FIELD_AT(object, row, char *) = random_string();
        return;
    case PST_FIELD_INT:
        FIELD_AT(object, row, gint64) = random_int();
        return;
    case PST_FIELD_TRI:
        FIELD_AT(object, row, PstTri) = PST_TRI(g_test_rand_bit());
        return;
    case PST_FIELD_ENUM:
        while (row->names[n_names] != NULL)
            n_names++;
        FIELD_AT(object, row, int) = g_test_rand_int_range(0, n_names);
        return;
    case PST_FIELD_STRV:
        FIELD_AT(object, row, char **) = random_strings();
        return;
    case PST_FIELD_OBJECT:
        FIELD_AT(object, row, gpointer) = random_fields(row->fields);
        return;
    case PST_FIELD_LIST:
        FIELD_AT(object, row, GPtrArray *) = random_list(row->fields);
        return;
    }
    g_assert_not_reached();
}

static inline gpointer
random_fields(const PstFields *fields)
{
    gpointer object = pst_fields_new(fields);

    for (guint i = 0; i < fields->n_rows; i++)
        if (fields->rows[i].required || g_test_rand_int_range(0, 4) > 0)
            randomize_field(&fields->rows[i], object);
    return object;
}

static inline void assert_same_fields(const PstFields *fields, gconstpointer a, gconstpointer b);

static inline void
assert_same_lists(const PstFields *fields, const GPtrArray *a, const GPtrArray *b)
{
    g_assert_cmpint(a == NULL, ==, b == NULL);
    if (a == NULL)
        return;
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++)
        assert_same_fields(fields, a->pdata[i], b->pdata[i]);
}

static inline void
assert_same_field(const PstField *row, gconstpointer a, gconstpointer b)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        g_assert_cmpstr(FIELD_AT(a, row, char *), ==, FIELD_AT(b, row, char *));
        return;
    case PST_FIELD_INT:
        g_assert_cmpint(FIELD_AT(a, row, gint64), ==, FIELD_AT(b, row, gint64));
        return;
    case PST_FIELD_TRI:
        g_assert_cmpint(FIELD_AT(a, row, PstTri), ==, FIELD_AT(b, row, PstTri));
        return;
    case PST_FIELD_ENUM:
        g_assert_cmpint(FIELD_AT(a, row, int), ==, FIELD_AT(b, row, int));
        return;
    case PST_FIELD_STRV:
        g_assert_cmpint(FIELD_AT(a, row, char **) == NULL, ==, FIELD_AT(b, row, char **) == NULL);
        if (FIELD_AT(a, row, char **) != NULL)
            g_assert_cmpstrv(FIELD_AT(a, row, char **), FIELD_AT(b, row, char **));
        return;
    case PST_FIELD_OBJECT:
        g_assert_cmpint(FIELD_AT(a, row, gpointer) == NULL, ==, FIELD_AT(b, row, gpointer) == NULL);
        if (FIELD_AT(a, row, gpointer) != NULL)
            assert_same_fields(row->fields, FIELD_AT(a, row, gpointer), FIELD_AT(b, row, gpointer));
        return;
    case PST_FIELD_LIST:
        assert_same_lists(row->fields, FIELD_AT(a, row, GPtrArray *),
                          FIELD_AT(b, row, GPtrArray *));
        return;
    }
    g_assert_not_reached();
}

static inline void
assert_same_fields(const PstFields *fields, gconstpointer a, gconstpointer b)
{
    for (guint i = 0; i < fields->n_rows; i++)
        assert_same_field(&fields->rows[i], a, b);
}
