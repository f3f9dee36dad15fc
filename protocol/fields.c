// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/fields.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/nearest.h"

#define MEMBER(object, row, type) (*(type *)((char *)(object) + (row)->offset))
#define CONST_MEMBER(object, row, type) (*(type const *)((const char *)(object) + (row)->offset))

gpointer
pst_fields_new(const PstFields *fields)
{
    gpointer object = g_malloc0(fields->size);

    for (guint i = 0; i < fields->n_rows; i++)
        if (fields->rows[i].type == PST_FIELD_INT)
            MEMBER(object, &fields->rows[i], gint64) = PST_INT_UNKNOWN;
    return object;
}

static void
free_list(const PstFields *fields, GPtrArray *list)
{
    if (list == NULL)
        return;
    for (guint i = 0; i < list->len; i++)
        pst_fields_free(fields, list->pdata[i]);
    g_ptr_array_unref(list);
}

void
pst_fields_free(const PstFields *fields, gpointer object)
{
    if (object == NULL)
        return;

    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        switch (row->type) {
        case PST_FIELD_STRING:
            g_free(MEMBER(object, row, char *));
            break;
        case PST_FIELD_STRV:
            g_strfreev(MEMBER(object, row, char **));
            break;
        case PST_FIELD_OBJECT:
            pst_fields_free(row->fields, MEMBER(object, row, gpointer));
            break;
        case PST_FIELD_LIST:
            free_list(row->fields, MEMBER(object, row, GPtrArray *));
            break;
        case PST_FIELD_INT:
        case PST_FIELD_TRI:
        case PST_FIELD_ENUM:
            break;
        }
    }
    g_free(object);
}

gpointer
pst_fields_append(const PstFields *fields, GPtrArray **list)
{
    gpointer element = pst_fields_new(fields);

    if (*list == NULL)
        *list = g_ptr_array_new();
    g_ptr_array_add(*list, element);
    return element;
}

static JsonArray *
encode_strings(char **strings, PstFieldsCut *cut)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; strings[i] != NULL; i++) {
        if (i == cut->max_items) {
            cut->truncated = TRUE;
            break;
        }
        g_autofree char *value = pst_json_clean_cut(strings[i], cut->max_string, &cut->truncated);
        json_array_add_string_element(array, value);
    }
    return array;
}

static JsonArray *
encode_list(const PstFields *fields, const GPtrArray *list, PstFieldsCut *cut)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < list->len; i++) {
        if (i == cut->max_items) {
            cut->truncated = TRUE;
            break;
        }
        json_array_add_object_element(array, pst_fields_encode(fields, list->pdata[i], cut));
    }
    return array;
}

static void
encode_row(const PstField *row, gconstpointer object, JsonObject *json, PstFieldsCut *cut)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        if (CONST_MEMBER(object, row, char *) != NULL) {
            g_autofree char *value = pst_json_clean_cut(CONST_MEMBER(object, row, char *),
                                                        cut->max_string, &cut->truncated);
            json_object_set_string_member(json, row->name, value);
        }
        break;
    case PST_FIELD_INT:
        if (CONST_MEMBER(object, row, gint64) != PST_INT_UNKNOWN)
            json_object_set_int_member(
                json, row->name,
                CLAMP(CONST_MEMBER(object, row, gint64), -PST_LIMIT_INTEGER, PST_LIMIT_INTEGER));
        break;
    case PST_FIELD_TRI:
        if (CONST_MEMBER(object, row, PstTri) != PST_TRI_UNKNOWN)
            json_object_set_boolean_member(json, row->name,
                                           CONST_MEMBER(object, row, PstTri) == PST_TRI_YES);
        break;
    case PST_FIELD_ENUM:
        json_object_set_string_member(json, row->name, row->names[CONST_MEMBER(object, row, int)]);
        break;
    case PST_FIELD_STRV:
        if (CONST_MEMBER(object, row, char **) != NULL)
            json_object_set_array_member(json, row->name,
                                         encode_strings(CONST_MEMBER(object, row, char **), cut));
        break;
    case PST_FIELD_OBJECT:
        if (CONST_MEMBER(object, row, gpointer) != NULL)
            json_object_set_object_member(
                json, row->name,
                pst_fields_encode(row->fields, CONST_MEMBER(object, row, gpointer), cut));
        break;
    case PST_FIELD_LIST:
        if (CONST_MEMBER(object, row, GPtrArray *) != NULL)
            json_object_set_array_member(
                json, row->name,
                encode_list(row->fields, CONST_MEMBER(object, row, GPtrArray *), cut));
        break;
    }
}

JsonObject *
pst_fields_encode(const PstFields *fields, gconstpointer object, PstFieldsCut *cut)
{
    JsonObject *json = json_object_new();

    for (guint i = 0; i < fields->n_rows; i++)
        encode_row(&fields->rows[i], object, json, cut);
    return json;
}

static gboolean
decode_enum(const PstField *row, gpointer object, JsonObject *json, PstJsonPresence presence,
            GError **error)
{
    const char *word = NULL;

    if (!pst_json_get_string(json, row->name, presence, &word, error))
        return FALSE;
    if (word == NULL)
        return TRUE;
    for (int i = 0; row->names[i] != NULL; i++) {
        if (g_str_equal(row->names[i], word)) {
            MEMBER(object, row, int) = i;
            return TRUE;
        }
    }
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' has the unknown value '%.64s'",
                row->name, word);
    return FALSE;
}

static gboolean
decode_strings(const PstField *row, gpointer object, JsonArray *array, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
            g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                        "'%s' holds something that is not a string", row->name);
            return FALSE;
        }
        g_strv_builder_add(builder, json_node_get_string(node));
    }
    MEMBER(object, row, char **) = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean
decode_list(const PstField *row, gpointer object, JsonArray *array, GError **error)
{
    MEMBER(object, row, GPtrArray *) = g_ptr_array_new();

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                        "'%s' holds something that is not an object", row->name);
            return FALSE;
        }
        gpointer element = pst_fields_decode(row->fields, json_node_get_object(node), error);
        if (element == NULL) {
            g_prefix_error(error, "in '%s': ", row->name);
            return FALSE;
        }
        g_ptr_array_add(MEMBER(object, row, GPtrArray *), element);
    }
    return TRUE;
}

static gboolean
decode_array(const PstField *row, gpointer object, JsonObject *json, PstJsonPresence presence,
             GError **error)
{
    JsonArray *array = NULL;

    if (!pst_json_get_array(json, row->name, presence, &array, error))
        return FALSE;
    if (array == NULL)
        return TRUE;
    return row->type == PST_FIELD_LIST ? decode_list(row, object, array, error)
                                       : decode_strings(row, object, array, error);
}

static gboolean
decode_object(const PstField *row, gpointer object, JsonObject *json, PstJsonPresence presence,
              GError **error)
{
    JsonObject *value = NULL;

    if (!pst_json_get_object(json, row->name, presence, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;

    gpointer child = pst_fields_decode(row->fields, value, error);
    if (child == NULL) {
        g_prefix_error(error, "in '%s': ", row->name);
        return FALSE;
    }
    MEMBER(object, row, gpointer) = child;
    return TRUE;
}

static gboolean
decode_row(const PstField *row, gpointer object, JsonObject *json, GError **error)
{
    PstJsonPresence presence = row->required ? PST_JSON_REQUIRED : PST_JSON_OPTIONAL;
    const char *string = NULL;
    gboolean truth = FALSE;

    switch (row->type) {
    case PST_FIELD_STRING:
        if (!pst_json_get_string(json, row->name, presence, &string, error))
            return FALSE;
        MEMBER(object, row, char *) = g_strdup(string);
        return TRUE;
    case PST_FIELD_INT:
        return pst_json_get_int(json, row->name, presence, &MEMBER(object, row, gint64), error);
    case PST_FIELD_TRI:
        if (!pst_json_get_bool(json, row->name, presence, &truth, error))
            return FALSE;
        if (json_object_has_member(json, row->name))
            MEMBER(object, row, PstTri) = PST_TRI(truth);
        return TRUE;
    case PST_FIELD_ENUM:
        return decode_enum(row, object, json, presence, error);
    case PST_FIELD_OBJECT:
        return decode_object(row, object, json, presence, error);
    case PST_FIELD_STRV:
    case PST_FIELD_LIST:
        return decode_array(row, object, json, presence, error);
    }
    g_return_val_if_reached(FALSE);
}

gpointer
pst_fields_decode(const PstFields *fields, JsonObject *json, GError **error)
{
    gpointer object = pst_fields_new(fields);

    for (guint i = 0; i < fields->n_rows; i++) {
        if (!decode_row(&fields->rows[i], object, json, error)) {
            pst_fields_free(fields, object);
            return NULL;
        }
    }
    return object;
}

static const PstField *
find_row(const PstFields *fields, const char *name, gsize len)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (strlen(fields->rows[i].name) == len && memcmp(fields->rows[i].name, name, len) == 0)
            return &fields->rows[i];
    return NULL;
}

static GError *
new_unknown_argument(const PstFields *fields, const char *name, int code)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < fields->n_rows; i++)
        g_ptr_array_add(names, (gpointer)fields->rows[i].name);

    g_autofree char *hint = pst_nearest_hint(name, (const char *const *)names->pdata, names->len);
    return g_error_new(PST_ERROR, code, "unknown argument '%.64s'%s", name, hint);
}

gpointer
pst_fields_decode_exact(const PstFields *fields, JsonObject *json, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, json);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (find_row(fields, name, strlen(name)) == NULL) {
            g_propagate_error(error, new_unknown_argument(fields, name, PST_ERROR_INVALID_PARAMS));
            return NULL;
        }
    }
    return pst_fields_decode(fields, json, error);
}

static gboolean
add_word(const PstField *row, const char *value, JsonObject *json, GError **error)
{
    gint64 number = 0;

    switch (row->type) {
    case PST_FIELD_INT:
        if (!g_ascii_string_to_signed(value, 10, -PST_LIMIT_INTEGER, PST_LIMIT_INTEGER, &number,
                                      NULL)) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s=%.64s': not a whole number",
                        row->name, value);
            return FALSE;
        }
        json_object_set_int_member(json, row->name, number);
        return TRUE;
    case PST_FIELD_TRI:
        if (!g_str_equal(value, "true") && !g_str_equal(value, "false")) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s=%.64s': say true or false",
                        row->name, value);
            return FALSE;
        }
        json_object_set_boolean_member(json, row->name, g_str_equal(value, "true"));
        return TRUE;
    case PST_FIELD_STRV: {
        g_auto(GStrv) parts = g_strsplit(value, ",", -1);
        PstFieldsCut whole = {G_MAXUINT, G_MAXSIZE - 1, FALSE};
        json_object_set_array_member(json, row->name, encode_strings(parts, &whole));
        return TRUE;
    }
    case PST_FIELD_STRING:
    case PST_FIELD_ENUM:
        pst_json_set_string(json, row->name, value);
        return TRUE;
    case PST_FIELD_OBJECT:
    case PST_FIELD_LIST:
        break;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s' can't be given as a word", row->name);
    return FALSE;
}

JsonObject *
pst_fields_from_words(const PstFields *fields, const char *const *words, GError **error)
{
    g_autoptr(JsonObject) json = json_object_new();

    for (guint i = 0; words != NULL && words[i] != NULL; i++) {
        const char *equals = strchr(words[i], '=');
        if (equals == NULL) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%.64s' is not of the form key=value",
                        words[i]);
            return NULL;
        }
        const PstField *row = find_row(fields, words[i], (gsize)(equals - words[i]));
        if (row == NULL) {
            g_autofree char *name = g_strndup(words[i], (gsize)(equals - words[i]));
            g_propagate_error(error, new_unknown_argument(fields, name, PST_ERROR_USAGE));
            return NULL;
        }
        if (json_object_has_member(json, row->name)) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s' is given twice", row->name);
            return NULL;
        }
        if (!add_word(row, equals + 1, json, error))
            return NULL;
    }
    return g_steal_pointer(&json);
}
