// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/nft-words.h"

#include <string.h>

#include "guest-shim/nft-value.h"

#define MAX_TEXT 400
#define MAX_DEPTH 12

static void append(GString *out, JsonNode *node, guint depth);

/* Each of an array, with TEXT between them. */
static void
append_joined(GString *out, JsonNode *node, const char *text, guint depth)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (array == NULL) {
        append(out, node, depth + 1);
        return;
    }
    for (guint i = 0; i < json_array_get_length(array) && out->len < MAX_TEXT; i++) {
        if (i > 0)
            g_string_append(out, text);
        append(out, json_array_get_element(array, i), depth + 1);
    }
}

static void
append_member(GString *out, JsonObject *object, const char *name, guint depth)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node != NULL)
        append(out, node, depth + 1);
}

/* The elements of a map are pairs. */
static void
append_set(GString *out, JsonNode *node, guint depth)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    g_string_append(out, "{ ");
    for (guint i = 0; array != NULL && i < json_array_get_length(array) && out->len < MAX_TEXT;
         i++) {
        JsonNode *element = json_array_get_element(array, i);

        g_string_append(out, i > 0 ? ", " : "");
        append_joined(out, element, " : ", depth);
    }
    g_string_append(out, " }");
}

/* The names of interfaces stand in quotation marks. */
static gboolean
is_link(JsonNode *left)
{
    const char *name = NULL;
    JsonNode *inner = left != NULL ? pst_nft_value_only(left, &name) : NULL;
    const char *key = inner != NULL && JSON_NODE_HOLDS_OBJECT(inner)
                          ? pst_nft_value_string(json_node_get_object(inner), "key")
                          : NULL;

    return key != NULL && (g_str_has_prefix(key, "iif") || g_str_has_prefix(key, "oif"));
}

static void
append_match(GString *out, JsonObject *match, guint depth)
{
    const char *op = pst_nft_value_string(match, "op");

    append_member(out, match, "left", depth);
    if (op != NULL && !g_str_equal(op, "==") && !g_str_equal(op, "in"))
        g_string_append_printf(out, " %s", op);
    g_string_append_c(out, ' ');
    JsonNode *right = json_object_get_member(match, "right");
    const char *text = pst_nft_value_string(match, "right");
    if (text != NULL && text[0] != '@' && is_link(json_object_get_member(match, "left")))
        g_string_append_printf(out, "\"%s\"", text);
    else if (right != NULL)
        append_joined(out, right, ",", depth);
}

static void
append_counter(GString *out, JsonObject *counter, guint depth)
{
    g_string_append(out, "counter packets ");
    append_member(out, counter, "packets", depth);
    g_string_append(out, " bytes ");
    append_member(out, counter, "bytes", depth);
}

static void
append_limit(GString *out, JsonObject *limit, guint depth)
{
    JsonNode *inverse = json_object_get_member(limit, "inv");
    gboolean over = inverse != NULL && JSON_NODE_HOLDS_VALUE(inverse) &&
                    json_node_get_value_type(inverse) == G_TYPE_BOOLEAN &&
                    json_node_get_boolean(inverse);

    g_string_append(out, over ? "limit rate over " : "limit rate ");
    append_member(out, limit, "rate", depth);
    g_string_append_c(out, '/');
    append_member(out, limit, "per", depth);
}

static void
append_reject(GString *out, JsonObject *reject, guint depth)
{
    JsonNode *expr = json_object_get_member(reject, "expr");

    g_string_append(out, "reject");
    if (json_object_has_member(reject, "type")) {
        g_string_append(out, " with ");
        append_member(out, reject, "type", depth);
    }
    if (expr != NULL) {
        g_string_append_c(out, ' ');
        append(out, expr, depth + 1);
    }
}

static void
append_prefix(GString *out, JsonObject *prefix, guint depth)
{
    append_member(out, prefix, "addr", depth);
    g_string_append_c(out, '/');
    append_member(out, prefix, "len", depth);
}

static void
append_payload(GString *out, JsonObject *payload, guint depth)
{
    append_member(out, payload, "protocol", depth);
    g_string_append_c(out, ' ');
    append_member(out, payload, "field", depth);
}

static void
append_map(GString *out, JsonObject *map, guint depth)
{
    append_member(out, map, "key", depth);
    g_string_append(out, " vmap ");
    append_member(out, map, "data", depth);
}

/* meta and ct: nft leaves out the word meta of those that have a name of their own. */
static void
append_meta(GString *out, JsonObject *meta, guint depth)
{
    const char *key = pst_nft_value_string(meta, "key");
    static const char *const bare[] = {"iif", "iifname", "oif", "oifname", NULL};

    if (key == NULL || !g_strv_contains(bare, key))
        g_string_append(out, "meta ");
    append_member(out, meta, "key", depth);
}

static void
append_ct(GString *out, JsonObject *ct, guint depth)
{
    g_string_append(out, "ct ");
    append_member(out, ct, "key", depth);
}

static void
append_log(GString *out, JsonObject *log, guint depth)
{
    g_string_append(out, "log");
    if (json_object_has_member(log, "prefix")) {
        g_string_append(out, " prefix \"");
        append_member(out, log, "prefix", depth);
        g_string_append_c(out, '"');
    }
}

static void
append_jump(GString *out, JsonObject *jump, guint depth)
{
    append_member(out, jump, "target", depth);
}

/* Any other object: its values in their order. */
static void
append_values(GString *out, JsonNode *node, guint depth)
{
    JsonObject *object = json_node_get_object(node);
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *name = names; name != NULL && out->len < MAX_TEXT; name = name->next) {
        JsonNode *value = json_object_get_member(object, name->data);

        g_string_append_printf(out, "%s%s", name != names ? " " : "", (const char *)name->data);
        if (!JSON_NODE_HOLDS_NULL(value)) {
            g_string_append_c(out, ' ');
            append_joined(out, value, " ", depth);
        }
    }
}

static const struct {
    const char *name;
    void (*append)(GString *out, JsonObject *object, guint depth);
} objects[] = {
    {"match", append_match},   {"counter", append_counter}, {"limit", append_limit},
    {"reject", append_reject}, {"prefix", append_prefix},   {"payload", append_payload},
    {"vmap", append_map},      {"meta", append_meta},       {"ct", append_ct},
    {"log", append_log},
};

static const struct {
    const char *name, *between;
} lists[] = {{"range", "-"}, {"concat", " . "}, {"&", " & "}, {"|", "|"}};

static void
append_object(GString *out, JsonNode *node, guint depth)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    for (guint i = 0; inner != NULL && i < G_N_ELEMENTS(objects); i++) {
        if (g_str_equal(name, objects[i].name) && JSON_NODE_HOLDS_OBJECT(inner)) {
            objects[i].append(out, json_node_get_object(inner), depth);
            return;
        }
    }
    for (guint i = 0; inner != NULL && i < G_N_ELEMENTS(lists); i++) {
        if (g_str_equal(name, lists[i].name)) {
            append_joined(out, inner, lists[i].between, depth);
            return;
        }
    }
    if (inner != NULL && g_str_equal(name, "set")) {
        append_set(out, inner, depth);
    } else if (inner != NULL && JSON_NODE_HOLDS_OBJECT(inner) &&
               (g_str_equal(name, "jump") || g_str_equal(name, "goto"))) {
        g_string_append_printf(out, "%s ", name);
        append_jump(out, json_node_get_object(inner), depth);
    } else {
        append_values(out, node, depth);
    }
}

static void
append_value(GString *out, JsonNode *node)
{
    GType type = json_node_get_value_type(node);

    if (type == G_TYPE_STRING)
        g_string_append(out, json_node_get_string(node));
    else if (type == G_TYPE_INT64)
        g_string_append_printf(out, "%" G_GINT64_FORMAT, json_node_get_int(node));
    else if (type == G_TYPE_BOOLEAN)
        g_string_append(out, json_node_get_boolean(node) ? "exists" : "missing");
}

static void
append(GString *out, JsonNode *node, guint depth)
{
    if (depth > MAX_DEPTH || out->len >= MAX_TEXT)
        return;
    if (JSON_NODE_HOLDS_OBJECT(node))
        append_object(out, node, depth);
    else if (JSON_NODE_HOLDS_ARRAY(node))
        append_joined(out, node, ",", depth);
    else if (JSON_NODE_HOLDS_VALUE(node))
        append_value(out, node);
}

static char *
finish(GString *out)
{
    char *whole = g_string_free(out, FALSE);
    const char *end = NULL;

    if (strlen(whole) <= MAX_TEXT)
        return whole;
    whole[MAX_TEXT] = '\0';
    if (!g_utf8_validate(whole, -1, &end))
        whole[end - whole] = '\0';
    return whole;
}

char *
pst_nft_words_statement(JsonNode *node)
{
    GString *out = g_string_new(NULL);

    append(out, node, 0);
    return finish(out);
}

char *
pst_nft_words_rule(JsonArray *expr, const char *comment)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(expr) && out->len < MAX_TEXT; i++) {
        if (i > 0)
            g_string_append_c(out, ' ');
        append(out, json_array_get_element(expr, i), 0);
    }
    if (comment != NULL)
        g_string_append_printf(out, " comment \"%s\"", comment);
    return finish(out);
}
