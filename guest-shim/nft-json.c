// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/nft-json.h"

#include <string.h>

#include "guest-shim/nft-match.h"
#include "guest-shim/nft-value.h"
#include "guest-shim/nft-words.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define SOURCE "nftables"

/* A rule with a set of some thousand addresses in it. */
static const PstValidateLimits element_limits = {1024 * 1024, 60000, TRUE};

static PstFilterTable *
table_of(PstFilterRules *rules, JsonObject *object, const char *member)
{
    const char *family = pst_nft_value_string(object, "family");
    const char *name = pst_nft_value_string(object, member);

    if (family == NULL || name == NULL)
        return NULL;
    PstFilterTable *table = pst_filter_rules_find_table(rules, SOURCE, family, name);
    return table != NULL ? table : pst_filter_rules_add_table(rules, SOURCE, family, name);
}

/* "dev" is a name, or in newer versions a list of names. */
static char **
read_devices(JsonObject *object)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    JsonArray *array = pst_nft_value_array(object, "dev");
    const char *name = pst_nft_value_string(object, "dev");

    if (name == NULL && array == NULL)
        return NULL;
    if (name != NULL)
        g_strv_builder_add(builder, name);
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            g_strv_builder_add(builder, json_node_get_string(node));
    }
    return g_strv_builder_end(builder);
}

static gboolean
read_chain(PstFilterRules *rules, JsonObject *object)
{
    PstFilterTable *table = table_of(rules, object, "table");
    const char *name = pst_nft_value_string(object, "name");
    const char *hook = pst_nft_value_string(object, "hook");

    if (table == NULL || name == NULL)
        return FALSE;
    PstFilterChain *chain = pst_filter_rules_add_chain(table, name);
    chain->hook = pst_filter_rules_hook(hook);
    chain->hook_name = g_strdup(hook);
    chain->type = g_strdup(pst_nft_value_string(object, "type"));
    chain->policy_drops = g_strcmp0(pst_nft_value_string(object, "policy"), "drop") == 0;
    chain->devices = read_devices(object);
    pst_json_get_int(object, "prio", PST_JSON_OPTIONAL, &chain->priority, NULL);
    return TRUE;
}

static gboolean
read_set(PstFilterRules *rules, JsonObject *object)
{
    PstFilterTable *table = table_of(rules, object, "table");
    const char *name = pst_nft_value_string(object, "name");
    const char *type = pst_nft_value_string(object, "type");
    JsonArray *types = pst_nft_value_array(object, "type");
    g_autoptr(GString) joined = g_string_new(type);

    if (table == NULL || name == NULL)
        return FALSE;
    for (guint i = 0; types != NULL && i < json_array_get_length(types); i++) {
        JsonNode *node = json_array_get_element(types, i);

        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            g_string_append_printf(joined, "%s%s", i > 0 ? " . " : "", json_node_get_string(node));
    }
    if (g_strcmp0(pst_nft_value_string(object, "map"), "verdict") == 0)
        g_string_append(joined, " : verdict");
    pst_filter_rules_add_set(table, name, joined->str);
    return TRUE;
}

static void
read_counter(JsonNode *statement, PstFilterRule *rule)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(statement, &name);

    if (inner == NULL || !g_str_equal(name, "counter") || !JSON_NODE_HOLDS_OBJECT(inner))
        return;
    JsonObject *counter = json_node_get_object(inner);
    pst_json_get_int(counter, "packets", PST_JSON_OPTIONAL, &rule->packets, NULL);
    pst_json_get_int(counter, "bytes", PST_JSON_OPTIONAL, &rule->bytes, NULL);
}

static gboolean
read_rule(PstFilterRules *rules, JsonObject *object)
{
    PstFilterTable *table = table_of(rules, object, "table");
    const char *name = pst_nft_value_string(object, "chain");
    JsonArray *expr = pst_nft_value_array(object, "expr");

    if (table == NULL || name == NULL)
        return FALSE;
    PstFilterChain *chain = pst_filter_rules_find_chain(table, name);
    PstFilterRule *rule = chain != NULL ? pst_filter_rules_add_rule(chain) : NULL;
    if (rule == NULL)
        return FALSE;
    pst_json_get_int(object, "handle", PST_JSON_OPTIONAL, &rule->handle, NULL);
    if (expr == NULL) /* a rule without any effect */
        return TRUE;
    rule->text = pst_nft_words_rule(expr, pst_nft_value_string(object, "comment"));
    for (guint i = 0; i < json_array_get_length(expr); i++) {
        pst_nft_match_add(rule, json_array_get_element(expr, i));
        read_counter(json_array_get_element(expr, i), rule);
    }
    return TRUE;
}

static gboolean
read_table(PstFilterRules *rules, JsonObject *object)
{
    return table_of(rules, object, "name") != NULL;
}

static const struct {
    const char *name;
    gboolean (*read)(PstFilterRules *rules, JsonObject *object);
} readers[] = {{"table", read_table},
               {"chain", read_chain},
               {"set", read_set},
               {"map", read_set},
               {"rule", read_rule}};

static gboolean
read_object(JsonObject *object, PstFilterRules *rules)
{
    for (guint i = 0; i < G_N_ELEMENTS(readers); i++) {
        JsonObject *inner = pst_nft_value_object(object, readers[i].name);

        if (inner != NULL)
            return readers[i].read(rules, inner);
    }
    return TRUE; /* metainfo, counters, flowtables and the like decide nothing */
}

static gboolean
read_element(const char *text, gsize len, PstFilterRules *rules, GError **error)
{
    if (len > element_limits.max_bytes) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE,
                    "one rule or set of %" G_GSIZE_FORMAT " bytes", len);
        return FALSE;
    }
    g_autoptr(JsonObject) object = pst_json_parse(text, len, &element_limits, error);
    if (object == NULL)
        return FALSE;
    if (!read_object(object, rules)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PARSE, "not nft's output: %.60s", text);
        return FALSE;
    }
    return TRUE;
}

/* The length of the object at P, from brace to brace; 0 where it does not end. Strings may hold
 * braces. */
static gsize
object_length(const char *p, gsize len)
{
    gboolean quoted = FALSE;
    gsize depth = 0;

    for (gsize i = 0; i < len; i++) {
        if (quoted && p[i] == '\\')
            i++;
        else if (p[i] == '"')
            quoted = !quoted;
        else if (!quoted && (p[i] == '{' || p[i] == '['))
            depth++;
        else if (!quoted && (p[i] == '}' || p[i] == ']') && --depth == 0)
            return i + 1;
    }
    return 0;
}

static gsize
skip_to(const char *text, gsize len, gsize at, const char *skipped)
{
    while (at < len && text[at] != '\0' && strchr(skipped, text[at]) != NULL)
        at++;
    return at;
}

static gboolean
refuse(gsize at, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PARSE, "not nft's output, at byte %" G_GSIZE_FORMAT,
                at);
    return FALSE;
}

gboolean
pst_nft_json_read(const char *text, gsize len, PstFilterRules *rules, GError **error)
{
    static const char head[] = "{\"nftables\":";
    gsize at = skip_to(text, len, 0, " \t\r\n");

    /* No version puts anything else before the list. */
    if (len - at < strlen(head) || memcmp(text + at, head, strlen(head)) != 0)
        return refuse(at, error);
    at = skip_to(text, len, at + strlen(head), " \t\r\n");
    if (at >= len || text[at] != '[')
        return refuse(at, error);
    for (at = skip_to(text, len, at + 1, " \t\r\n,"); at < len && text[at] == '{';
         at = skip_to(text, len, at, " \t\r\n,")) {
        gsize length = object_length(text + at, len - at);

        if (length == 0)
            return refuse(len, error);
        if (!read_element(text + at, length, rules, error))
            return FALSE;
        at += length;
    }
    return at < len && text[at] == ']' ? TRUE : refuse(at, error);
}
