// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"

/* Moments are told from spans by their size: no guest has been up since before 2001. */
#define FIRST_MOMENT_US G_GINT64_CONSTANT(1000000000000000)
#define MAX_ROWS 200

void
pst_render_append(GString *out, const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);

    g_string_append(out, escaped);
}

char *
pst_render_ago(gint64 span_us)
{
    gint64 seconds = span_us / G_USEC_PER_SEC;

    if (span_us < 0)
        return g_strdup("in the future");
    if (seconds < 120)
        return g_strdup_printf("%d s ago", (int)seconds);
    if (seconds < 7200)
        return g_strdup_printf("%d min ago", (int)(seconds / 60));
    if (seconds < 172800)
        return g_strdup_printf("%d h ago", (int)(seconds / 3600));
    return g_strdup_printf("%d days ago", (int)(seconds / 86400));
}

char *
pst_render_age(gint64 moment_us)
{
    return pst_render_ago(g_get_real_time() - moment_us);
}

static char *
moment_text(gint64 us)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    g_autofree char *age = pst_render_age(us);
    g_autofree char *date = utc != NULL ? g_date_time_format(utc, "%F %T UTC") : g_strdup("?");

    return g_strdup_printf("%s (%s)", date, age);
}

static char *
array_text(JsonArray *array)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (i > 0)
            g_string_append_c(out, ' ');
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            pst_render_append(out, json_node_get_string(node));
    }
    return g_string_free(out, FALSE);
}

static gboolean
is_text(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

/* Lines of a log, side by side, would be read as one. */
static gboolean
holds_lines(JsonArray *array)
{
    guint n = json_array_get_length(array);

    for (guint i = 0; n > 1 && i < n; i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (is_text(node) && strchr(json_node_get_string(node), ' ') != NULL)
            return TRUE;
    }
    return FALSE;
}

/* Whether it needs lines of its own: an object, or a list of objects or of lines. */
static gboolean
is_nested(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return JSON_NODE_HOLDS_OBJECT(node);

    JsonArray *array = json_node_get_array(node);
    return json_array_get_length(array) > 0 &&
           (JSON_NODE_HOLDS_OBJECT(json_array_get_element(array, 0)) || holds_lines(array));
}

/* A scalar, or a list of strings, on one line; NULL for what is nested. */
static char *
value_text(const char *name, JsonNode *node)
{
    if (is_nested(node))
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return array_text(json_node_get_array(node));
    if (!JSON_NODE_HOLDS_VALUE(node))
        return g_strdup("-");
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return pst_escape_text(json_node_get_string(node), FALSE);
    if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
    if (json_node_get_value_type(node) != G_TYPE_INT64)
        return g_strdup_printf("%g", json_node_get_double(node));

    gint64 number = json_node_get_int(node);
    if (g_str_has_suffix(name, "_us") && number >= FIRST_MOMENT_US)
        return moment_text(number);
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static void
append_indent(GString *out, guint indent)
{
    for (guint i = 0; i < indent; i++)
        g_string_append_c(out, ' ');
}

static void render_nested(GString *out, const char *name, JsonNode *node, guint indent);

/* An element of a list: its scalars on one line, what is nested below it. */
static void
render_row(GString *out, JsonObject *row, guint indent)
{
    g_autoptr(GList) names = json_object_get_members(row);
    gboolean first = TRUE;

    append_indent(out, indent);
    g_string_append(out, "- ");
    for (GList *item = names; item != NULL; item = item->next) {
        g_autofree char *value = value_text(item->data, json_object_get_member(row, item->data));
        if (value == NULL || *value == '\0')
            continue;
        g_string_append(out, first ? "" : ", ");
        pst_render_append(out, item->data);
        g_string_append_printf(out, " %s", value);
        first = FALSE;
    }
    g_string_append_c(out, '\n');
    for (GList *item = names; item != NULL; item = item->next) {
        JsonNode *node = json_object_get_member(row, item->data);
        if (is_nested(node))
            render_nested(out, item->data, node, indent + 2);
    }
}

static void
render_line(GString *out, const char *text, guint indent)
{
    append_indent(out, indent);
    pst_render_append(out, text);
    g_string_append_c(out, '\n');
}

static void
render_nested(GString *out, const char *name, JsonNode *node, guint indent)
{
    append_indent(out, indent);
    pst_render_append(out, name);
    g_string_append(out, ":\n");
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        pst_render_data(out, json_node_get_object(node), indent + 2);
        return;
    }

    JsonArray *array = json_node_get_array(node);
    guint n = json_array_get_length(array);
    for (guint i = 0; i < MIN(n, MAX_ROWS); i++) {
        JsonNode *element = json_array_get_element(array, i);
        if (JSON_NODE_HOLDS_OBJECT(element))
            render_row(out, json_node_get_object(element), indent + 2);
        else if (is_text(element))
            render_line(out, json_node_get_string(element), indent + 2);
    }
    if (n > MAX_ROWS)
        g_string_append_printf(out, "%*s… and %u more: --json has them\n", (int)indent + 2, "",
                               n - MAX_ROWS);
}

void
pst_render_data(GString *out, JsonObject *data, guint indent)
{
    g_autoptr(GList) names = json_object_get_members(data);

    for (GList *item = names; item != NULL; item = item->next) {
        JsonNode *node = json_object_get_member(data, item->data);
        g_autofree char *value = value_text(item->data, node);

        if (value == NULL) {
            render_nested(out, item->data, node, indent);
        } else if (*value != '\0') {
            append_indent(out, indent);
            pst_render_append(out, item->data);
            g_string_append_printf(out, ": %s\n", value);
        }
    }
}
