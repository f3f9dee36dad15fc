// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/fields.h"

static JsonObject *
typed(const char *type)
{
    JsonObject *schema = json_object_new();

    json_object_set_string_member(schema, "type", type);
    return schema;
}

static JsonObject *
array_of(JsonObject *items)
{
    JsonObject *schema = typed("array");

    json_object_set_object_member(schema, "items", items);
    return schema;
}

static JsonObject *
enum_of(const char *const *names)
{
    JsonObject *schema = typed("string");
    JsonArray *values = json_array_new();

    for (guint i = 0; names[i] != NULL; i++)
        json_array_add_string_element(values, names[i]);
    json_object_set_array_member(schema, "enum", values);
    return schema;
}

static JsonObject *
row_schema(const PstField *row)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        return typed("string");
    case PST_FIELD_INT:
        return typed("integer");
    case PST_FIELD_TRI:
        return typed("boolean");
    case PST_FIELD_ENUM:
        return enum_of(row->names);
    case PST_FIELD_STRV:
        return array_of(typed("string"));
    case PST_FIELD_OBJECT:
        return pst_fields_schema(row->fields);
    case PST_FIELD_LIST:
        return array_of(pst_fields_schema(row->fields));
    }
    g_return_val_if_reached(NULL);
}

/* What of it is a difference, for who compares reports by the schema. */
static void
add_bearing(JsonObject *property, const PstField *row)
{
    const struct {
        const char *name;
        gboolean is;
    } words[] = {{"x-passing", row->passing},
                 {"x-key", row->key},
                 {"x-folded", row->folded},
                 {"x-ordered", row->ordered},
                 {"x-recent", row->recent}};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (words[i].is)
            json_object_set_boolean_member(property, words[i].name, TRUE);
    if (row->unless != NULL)
        json_object_set_string_member(property, "x-unless", row->unless);
}

JsonObject *
pst_fields_schema(const PstFields *fields)
{
    JsonObject *schema = typed("object");
    JsonObject *properties = json_object_new();
    JsonArray *required = json_array_new();

    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];
        JsonObject *property = row_schema(row);

        json_object_set_string_member(property, "description", row->doc);
        add_bearing(property, row);
        json_object_set_object_member(properties, row->name, property);
        if (row->required)
            json_array_add_string_element(required, row->name);
    }
    json_object_set_object_member(schema, "properties", properties);
    if (json_array_get_length(required) > 0)
        json_object_set_array_member(schema, "required", required);
    else
        json_array_unref(required);
    return schema;
}
