// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/error.h"
#include "protocol/finding-catalogue.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/vocabulary.h"

static void
test_find(void)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < pst_vocabulary_n; i++) {
        const char *name = pst_vocabulary[i]->name;
        g_assert_true(pst_vocabulary_find(name) == pst_vocabulary[i]);
        g_assert_true(pst_vocabulary_require(name, NULL) == pst_vocabulary[i]);
    }
    g_assert_null(pst_vocabulary_find("netwrok"));
    g_assert_null(pst_vocabulary_require("netwrok", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    g_assert_cmpstr(error->message, ==, "unknown probe 'netwrok'; did you mean 'network'?");
}

static gsize
size_of(PstFieldType type)
{
    switch (type) {
    case PST_FIELD_INT:
        return sizeof(gint64);
    case PST_FIELD_TRI:
    case PST_FIELD_ENUM:
        return sizeof(int);
    default:
        return sizeof(gpointer);
    }
}

/* What the compiler can't say of a table: rows that overlap, lie outside of their struct, lack what
 * their type needs, or explain nothing. */
static void
check_table(const PstFields *fields, guint depth)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree guint8 *used = g_malloc0(fields->size);

    g_assert_cmpuint(depth, <, PST_LIMIT_DEPTH / 4);
    g_assert_cmpuint(fields->n_rows, <, PST_LIMIT_MEMBERS);
    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];
        gboolean nested = row->type == PST_FIELD_OBJECT || row->type == PST_FIELD_LIST;

        g_test_message("%*s%s", (int)depth * 2, "", row->name);
        g_assert_true(g_hash_table_add(names, (gpointer)row->name));
        g_assert_cmpstr(row->doc, !=, "");
        g_assert_cmpuint(row->offset + size_of(row->type), <=, fields->size);
        for (gsize byte = 0; byte < size_of(row->type); byte++)
            g_assert_cmpuint(used[row->offset + byte]++, ==, 0);
        g_assert_cmpint(row->type == PST_FIELD_ENUM, ==, row->names != NULL);
        g_assert_cmpint(nested, ==, row->fields != NULL);
        if (nested)
            check_table(row->fields, depth + 1);
    }
}

/* An element that nothing names would be another one with every change of it; what names it is a
 * row of its own, and never what passes. */
static void
check_bearing(const PstFields *fields, gboolean element)
{
    gboolean keyed = FALSE;

    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];
        gboolean told = row->unless == NULL;

        g_test_message("%s", row->name);
        keyed |= row->key;
        for (guint j = 0; !told && j < fields->n_rows; j++)
            told = g_str_equal(fields->rows[j].name, row->unless) && !fields->rows[j].passing;
        g_assert_true(told);
        g_assert_false(row->key && (row->passing || !element || row->fields != NULL));
        g_assert_false(row->folded && row->type != PST_FIELD_STRING);
        g_assert_false(row->ordered && row->type != PST_FIELD_STRV);
        g_assert_false(row->recent && row->type != PST_FIELD_LIST);
        if (row->fields != NULL && !row->passing)
            check_bearing(row->fields, row->type == PST_FIELD_LIST);
    }
    g_assert_true(keyed || !element);
}

static void
test_bearing(void)
{
    for (guint i = 0; i < pst_vocabulary_n; i++) {
        g_test_message("%s", pst_vocabulary[i]->name);
        check_bearing(pst_vocabulary[i]->data, FALSE);
    }
}

static const PstField *
find_row(const PstFields *fields, const char *name)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (g_str_equal(fields->rows[i].name, name))
            return &fields->rows[i];
    g_assert_not_reached();
}

/* A number that is not told by its name to be one is judged by what its sentence says. */
static void
check_passing(const PstFields *fields)
{
    static const char *const suffixes[] = {"_us", "_ms", "pid"};
    /* Limits that are set in these units, and what stands for a digest where there is none. */
    static const char *const set[] = {"changed_us", NULL};

    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        if (row->passing)
            continue;
        if (row->fields != NULL)
            check_passing(row->fields);
        for (guint j = 0; j < G_N_ELEMENTS(suffixes); j++) {
            g_test_message("%s", row->name);
            g_assert_false(g_str_has_suffix(row->name, suffixes[j]) &&
                           !g_strv_contains(set, row->name));
        }
    }
}

static void
test_passing(void)
{
    for (guint i = 0; i < pst_vocabulary_n; i++) {
        g_test_message("%s", pst_vocabulary[i]->name);
        check_passing(pst_vocabulary[i]->data);
    }
    g_assert_true(find_row(pst_vocabulary_find("system")->data, "boot_id")->passing);
    g_assert_true(find_row(pst_vocabulary_find("network")->data, "neighbours")->passing);
    g_assert_false(find_row(pst_vocabulary_find("network")->data, "listening")->passing);
    g_assert_true(find_row(pst_vocabulary_find("system")->args, "host_realtime_us")->passing);
}

static void
test_tables(void)
{
    check_table(&pst_finding_fields, 0);
    for (guint i = 0; i < pst_vocabulary_n; i++) {
        const PstReportKind *kind = pst_vocabulary[i];

        g_test_message("%s", kind->name);
        g_assert_true(g_str_has_suffix(kind->question, "?"));
        g_assert_nonnull(kind->footprint);
        check_table(kind->args, 0);
        check_table(kind->data, 0);
    }
}

/* The whole vocabulary is one answer, and must fit into one frame. */
static void
test_describe_fits(void)
{
    g_autoptr(JsonObject) result = json_object_new();
    JsonArray *probes = json_array_new();
    PstValidateLimits limits = pst_validate_from_guest;
    gsize len;

    for (guint i = 0; i < pst_vocabulary_n; i++) {
        JsonObject *kind = pst_vocabulary_describe(pst_vocabulary[i]);
        json_object_set_array_member(kind, "findings",
                                     pst_finding_catalogue_ids(pst_vocabulary[i]->name));
        json_array_add_object_element(probes, kind);
    }
    json_object_set_array_member(result, "probes", probes);
    g_autofree char *text = pst_json_to_text(result, &len);
    limits.max_bytes -= 1024;
    limits.max_tokens -= 64;
    g_test_message("%u probes: %" G_GSIZE_FORMAT " bytes", pst_vocabulary_n, len);
    g_assert_cmpstr(pst_validate_reason_id(pst_validate((const guint8 *)text, len, &limits).reason),
                    ==, "ok");
}

static void
test_catalogue(void)
{
    g_assert_cmpuint(pst_finding_catalogue_n, >, 0);
    for (guint i = 0; i < pst_finding_catalogue_n; i++) {
        const PstFindingPage *page = &pst_finding_catalogue[i];
        g_auto(GStrv) parts = g_strsplit(page->id, ".", 2);

        g_test_message("%s", page->id);
        g_assert_true(pst_finding_catalogue_find(page->id) == page);
        g_assert_nonnull(pst_vocabulary_find(parts[0]));
        if (i > 0)
            g_assert_cmpstr(page[-1].id, <, page->id);
    }
    g_assert_null(pst_finding_catalogue_find("network.none"));
}

static void
test_catalogue_ids(void)
{
    guint n = 0;

    for (guint i = 0; i < pst_vocabulary_n; i++) {
        JsonArray *ids = pst_finding_catalogue_ids(pst_vocabulary[i]->name);
        g_assert_cmpuint(json_array_get_length(ids), >, 0);
        n += json_array_get_length(ids);
        json_array_unref(ids);
    }
    g_assert_cmpuint(n, ==, pst_finding_catalogue_n);

    JsonArray *none = pst_finding_catalogue_ids("netw");
    g_assert_cmpuint(json_array_get_length(none), ==, 0);
    json_array_unref(none);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vocabulary/find", test_find);
    g_test_add_func("/vocabulary/tables", test_tables);
    g_test_add_func("/vocabulary/bearing", test_bearing);
    g_test_add_func("/vocabulary/passing", test_passing);
    g_test_add_func("/vocabulary/describe-fits", test_describe_fits);
    g_test_add_func("/vocabulary/catalogue", test_catalogue);
    g_test_add_func("/vocabulary/catalogue-ids", test_catalogue_ids);
    return g_test_run();
}
