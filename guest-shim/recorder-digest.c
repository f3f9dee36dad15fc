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

static void add_words(GString *out, JsonNode *node);

static void
add_member(JsonObject *object G_GNUC_UNUSED, const char *name, JsonNode *node, gpointer out)
{
    g_string_append_printf(out, "%s:", name);
    add_words(out, node);
}

static void
add_element(JsonArray *array G_GNUC_UNUSED, guint i G_GNUC_UNUSED, JsonNode *node, gpointer out)
{
    add_words(out, node);
}

/* The depth is bounded by the validator. */
static void
add_words(GString *out, JsonNode *node)
{
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        g_string_append_c(out, '{');
        json_object_foreach_member(json_node_get_object(node), add_member, out);
        g_string_append_c(out, '}');
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        g_string_append_c(out, '[');
        json_array_foreach_element(json_node_get_array(node), add_element, out);
        g_string_append_c(out, ']');
    } else if (json_node_get_value_type(node) == G_TYPE_STRING) {
        g_string_append_printf(out, "%s\n", json_node_get_string(node));
    } else if (json_node_get_value_type(node) == G_TYPE_BOOLEAN) {
        g_string_append(out, json_node_get_boolean(node) ? "true\n" : "false\n");
    }
}

static gboolean
is_steady(JsonObject *report)
{
    const char *probe = "";

    pst_json_get_string(report, "probe", PST_JSON_NULLABLE, &probe, NULL);
    const PstReportKind *kind = pst_vocabulary_find(probe);
    return kind != NULL && kind->steady;
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
    if (is_steady(report) && json_object_has_member(report, "data"))
        add_words(text, json_object_get_member(report, "data"));
    return g_compute_checksum_for_string(G_CHECKSUM_SHA1, text->str, (gssize)text->len);
}
