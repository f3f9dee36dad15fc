// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-digest.h"

#include "protocol/json.h"
#include "protocol/vocabulary.h"

static void
add_string(GString *out, JsonObject *object, const char *name)
{
    const char *value = "";

    pst_json_get_string(object, name, PST_JSON_NULLABLE, &value, NULL);
    g_string_append_printf(out, "%s\n", value);
}

static void
add_finding(GString *out, JsonObject *finding)
{
    static const char *const about[] = {"path",  "unit",    "user",   "mode",
                                        "owner", "command", "source", NULL};
    JsonObject *evidence = NULL;
    gint64 line = 0;

    add_string(out, finding, "id");
    add_string(out, finding, "severity");
    pst_json_get_object(finding, "evidence", PST_JSON_NULLABLE, &evidence, NULL);
    for (guint i = 0; evidence != NULL && about[i] != NULL; i++)
        add_string(out, evidence, about[i]);
    if (evidence != NULL)
        (void)pst_json_get_int(evidence, "line", PST_JSON_OPTIONAL, &line, NULL);
    g_string_append_printf(out, "%" G_GINT64_FORMAT "\n", line);
}

static void add_fields(GString *out, JsonObject *object, const PstFields *fields);

static void
add_list(GString *out, JsonObject *object, const PstField *row)
{
    JsonArray *array = NULL;

    pst_json_get_array(object, row->name, PST_JSON_NULLABLE, &array, NULL);
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (row->fields != NULL && JSON_NODE_HOLDS_OBJECT(node))
            add_fields(out, json_node_get_object(node), row->fields);
        else if (json_node_get_value_type(node) == G_TYPE_STRING)
            g_string_append_printf(out, "%s\n", json_node_get_string(node));
    }
}

static void
add_object(GString *out, JsonObject *object, const PstField *row)
{
    JsonObject *value = NULL;

    pst_json_get_object(object, row->name, PST_JSON_NULLABLE, &value, NULL);
    if (value != NULL)
        add_fields(out, value, row->fields);
}

static void
add_tri(GString *out, JsonObject *object, const PstField *row)
{
    gboolean value = FALSE;

    if (json_object_has_member(object, row->name) &&
        pst_json_get_bool(object, row->name, PST_JSON_NULLABLE, &value, NULL))
        g_string_append(out, value ? "true\n" : "false\n");
}

static void
add_row(GString *out, JsonObject *object, const PstField *row)
{
    g_string_append_printf(out, "%s:", row->name);
    switch (row->type) {
    case PST_FIELD_STRING:
    case PST_FIELD_ENUM:
        add_string(out, object, row->name);
        break;
    case PST_FIELD_TRI:
        add_tri(out, object, row);
        break;
    case PST_FIELD_OBJECT:
        add_object(out, object, row);
        break;
    case PST_FIELD_STRV:
    case PST_FIELD_LIST:
        add_list(out, object, row);
        break;
    case PST_FIELD_INT:
        break;
    }
}

static void
add_fields(GString *out, JsonObject *object, const PstFields *fields)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (!fields->rows[i].passing)
            add_row(out, object, &fields->rows[i]);
}

/* Of what somebody has set. */
static void
add_data(GString *out, JsonObject *report)
{
    const char *probe = "";
    JsonObject *data = NULL;

    pst_json_get_string(report, "probe", PST_JSON_NULLABLE, &probe, NULL);
    const PstReportKind *kind = pst_vocabulary_find(probe);
    pst_json_get_object(report, "data", PST_JSON_NULLABLE, &data, NULL);
    if (kind != NULL && kind->steady && data != NULL)
        add_fields(out, data, kind->data);
}

char *
pst_recorder_digest(JsonObject *report)
{
    g_autoptr(GString) text = g_string_new(NULL);
    JsonArray *findings = NULL;

    add_string(text, report, "status");
    pst_json_get_array(report, "findings", PST_JSON_OPTIONAL, &findings, NULL);
    for (guint i = 0; findings != NULL && i < json_array_get_length(findings); i++)
        add_finding(text, json_array_get_object_element(findings, i));
    add_data(text, report);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA1, text->str, (gssize)text->len);
}
