// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/json.h"

#include <string.h>

#include "protocol/error.h"

JsonObject *
pst_json_parse_validated(const char *text, gsize len, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) cause = NULL;

    if (!json_parser_load_from_data(parser, text, (gssize)len, &cause)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PARSE, "json-glib refuses a validated text: %s",
                    cause->message);
        return NULL;
    }

    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PARSE, "the text is not one JSON object");
        return NULL;
    }
    return json_node_dup_object(root);
}

JsonObject *
pst_json_parse(const char *text, gsize len, const PstValidateLimits *limits, GError **error)
{
    PstValidateResult result = pst_validate((const guint8 *)text, len, limits);

    if (result.reason != PST_VALIDATE_OK) {
        g_set_error(error, PST_ERROR, PST_ERROR_PARSE,
                    "invalid JSON at byte %" G_GSIZE_FORMAT ": %s", result.offset,
                    pst_validate_reason_id(result.reason));
        return NULL;
    }
    return pst_json_parse_validated(text, len, error);
}

/* The member's node, or NULL with *permitted saying whether PRESENCE lets it be missing. */
static JsonNode *
find(JsonObject *object, const char *name, PstJsonPresence presence, gboolean *permitted,
     GError **error)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL) {
        *permitted = presence != PST_JSON_REQUIRED;
        if (!*permitted)
            g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' is missing", name);
        return NULL;
    }
    if (JSON_NODE_HOLDS_NULL(node)) {
        *permitted = presence == PST_JSON_NULLABLE;
        if (!*permitted)
            g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' is null", name);
        return NULL;
    }
    return node;
}

static gboolean
wrong_type(const char *name, const char *expected, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' is not %s", name, expected);
    return FALSE;
}

static gboolean
holds(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

gboolean
pst_json_get_string(JsonObject *object, const char *name, PstJsonPresence presence,
                    const char **value, GError **error)
{
    gboolean permitted = FALSE;
    JsonNode *node = find(object, name, presence, &permitted, error);

    if (node == NULL)
        return permitted;
    if (!holds(node, G_TYPE_STRING))
        return wrong_type(name, "a string", error);
    *value = json_node_get_string(node);
    return TRUE;
}

gboolean
pst_json_get_int(JsonObject *object, const char *name, PstJsonPresence presence, gint64 *value,
                 GError **error)
{
    gboolean permitted = FALSE;
    JsonNode *node = find(object, name, presence, &permitted, error);

    if (node == NULL)
        return permitted;
    if (!holds(node, G_TYPE_INT64))
        return wrong_type(name, "an integer", error);
    *value = json_node_get_int(node);
    return TRUE;
}

gboolean
pst_json_get_bool(JsonObject *object, const char *name, PstJsonPresence presence, gboolean *value,
                  GError **error)
{
    gboolean permitted = FALSE;
    JsonNode *node = find(object, name, presence, &permitted, error);

    if (node == NULL)
        return permitted;
    if (!holds(node, G_TYPE_BOOLEAN))
        return wrong_type(name, "true or false", error);
    *value = json_node_get_boolean(node);
    return TRUE;
}

gboolean
pst_json_get_object(JsonObject *object, const char *name, PstJsonPresence presence,
                    JsonObject **value, GError **error)
{
    gboolean permitted = FALSE;
    JsonNode *node = find(object, name, presence, &permitted, error);

    if (node == NULL)
        return permitted;
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return wrong_type(name, "an object", error);
    *value = json_node_get_object(node);
    return TRUE;
}

gboolean
pst_json_get_array(JsonObject *object, const char *name, PstJsonPresence presence,
                   JsonArray **value, GError **error)
{
    gboolean permitted = FALSE;
    JsonNode *node = find(object, name, presence, &permitted, error);

    if (node == NULL)
        return permitted;
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return wrong_type(name, "an array", error);
    *value = json_node_get_array(node);
    return TRUE;
}

char *
pst_json_clean(const char *value)
{
    return g_utf8_make_valid(value, -1);
}

char *
pst_json_clean_cut(const char *value, gsize max, gboolean *cut)
{
    char *clean = pst_json_clean(value);

    if (strlen(clean) > max) {
        *g_utf8_find_prev_char(clean, clean + max + 1) = '\0';
        if (cut != NULL)
            *cut = TRUE;
    }
    return clean;
}

void
pst_json_set_string(JsonObject *object, const char *name, const char *value)
{
    if (value == NULL)
        return;

    g_autofree char *clean = pst_json_clean(value);
    json_object_set_string_member(object, name, clean);
}

/* json-glib 1.6 writes U+001F as it is, and 1e17 as 1e+17.0, 1e-7 as 1e-07.0: none of it is JSON.
 */
static gboolean
needs_repair(const char *text)
{
    return strchr(text, '\x1f') != NULL || strstr(text, "e+") != NULL || strstr(text, "e-") != NULL;
}

/* The number at P without that tail; returns its length. */
static gsize
repair_number(const char *p, GString *out)
{
    gsize n = strspn(p, "+-.0123456789eE");
    gboolean spoilt = n > 2 && memchr(p, 'e', n) != NULL && strncmp(p + n - 2, ".0", 2) == 0;

    g_string_append_len(out, p, (gssize)(spoilt ? n - 2 : n));
    return n;
}

/* The string at P, from quotation mark to quotation mark; returns its length. */
static gsize
repair_string(const char *p, GString *out)
{
    const char *start = p;

    g_string_append_c(out, *p++);
    for (; *p != '"'; p++) {
        if (*p == '\\')
            g_string_append_c(out, *p++);
        if (*p == '\x1f')
            g_string_append(out, "\\u001f");
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, *p++);
    return (gsize)(p - start);
}

static char *
repair(const char *text, gsize *len)
{
    g_autoptr(GString) out = g_string_new(NULL);

    while (*text != '\0') {
        if (*text == '"')
            text += repair_string(text, out);
        else if (*text == '-' || g_ascii_isdigit(*text))
            text += repair_number(text, out);
        else
            g_string_append_c(out, *text++);
    }
    if (len != NULL)
        *len = out->len;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
pst_json_to_text(JsonObject *object, gsize *len)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), object);

    json_generator_set_root(generator, root);
    g_autofree char *text = json_generator_to_data(generator, len);
    return needs_repair(text) ? repair(text, len) : g_steal_pointer(&text);
}

static JsonNode *sorted_node(JsonNode *node);

JsonObject *
pst_json_sorted(JsonObject *object)
{
    JsonObject *sorted = json_object_new();
    GList *names = g_list_sort(json_object_get_members(object), (GCompareFunc)strcmp);

    for (GList *name = names; name != NULL; name = name->next)
        json_object_set_member(sorted, name->data,
                               sorted_node(json_object_get_member(object, name->data)));
    g_list_free(names);
    return sorted;
}

static JsonArray *
sorted_array(JsonArray *array)
{
    JsonArray *sorted = json_array_sized_new(json_array_get_length(array));

    for (guint i = 0; i < json_array_get_length(array); i++)
        json_array_add_element(sorted, sorted_node(json_array_get_element(array, i)));
    return sorted;
}

static JsonNode *
sorted_node(JsonNode *node)
{
    JsonNode *sorted;

    if (JSON_NODE_HOLDS_OBJECT(node)) {
        sorted = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(sorted, pst_json_sorted(json_node_get_object(node)));
        return sorted;
    }
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        sorted = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(sorted, sorted_array(json_node_get_array(node)));
        return sorted;
    }
    return json_node_copy(node);
}
