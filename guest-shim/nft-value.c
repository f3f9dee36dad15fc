// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/nft-value.h"

#include <string.h>

#include "protocol/json.h"

#define NOBODYS_PROTOCOL 65535 /* for a name that is neither TCP's nor UDP's */

typedef struct {
    const char *name;
    guint64 value;
} Name;

/* nft names protocols as /etc/protocols does. */
static const Name protocols[] = {{"icmp", 1},
                                 {"igmp", 2},
                                 {"tcp", 6},
                                 {"udp", 17},
                                 {"dccp", 33},
                                 {"gre", 47},
                                 {"esp", 50},
                                 {"ah", 51},
                                 {"icmpv6", 58},
                                 {"ipv6-icmp", 58},
                                 {"sctp", 132},
                                 {"udplite", 136},
                                 {NULL, NOBODYS_PROTOCOL}};
static const Name families[] = {{"ipv4", 2}, {"ip", 2}, {"ipv6", 10}, {"ip6", 10}, {NULL, 255}};
static const Name packet_types[] = {{"host", 0},      {"unicast", 0}, {"broadcast", 1},
                                    {"multicast", 2}, {"other", 3},   {NULL, 255}};
static const Name route_types[] = {{"unicast", 1},     {"local", 2},     {"broadcast", 3},
                                   {"anycast", 4},     {"multicast", 5}, {"blackhole", 6},
                                   {"unreachable", 7}, {"prohibit", 8},  {NULL, 255}};
static const Name states[] = {
    {"invalid", PST_FILTER_CT_INVALID},     {"established", PST_FILTER_CT_ESTABLISHED},
    {"related", PST_FILTER_CT_RELATED},     {"new", PST_FILTER_CT_NEW},
    {"untracked", PST_FILTER_CT_UNTRACKED}, {NULL, 0}};
static const Name statuses[] = {{"expected", 1},  {"seen-reply", 2}, {"assured", 4},
                                {"confirmed", 8}, {"snat", 16},      {"dnat", 32},
                                {"dying", 512},   {NULL, 0}};
static const Name tcp_flags[] = {{"fin", 1},  {"syn", 2},  {"rst", 4},   {"psh", 8}, {"ack", 16},
                                 {"urg", 32}, {"ecn", 64}, {"cwr", 128}, {NULL, 0}};

static const Name *
names_of(PstFilterKey key)
{
    switch (key) {
    case PST_FILTER_L4PROTO:
        return protocols;
    case PST_FILTER_NFPROTO:
        return families;
    case PST_FILTER_PKTTYPE:
        return packet_types;
    case PST_FILTER_DTYPE:
        return route_types;
    case PST_FILTER_CT_STATE:
        return states;
    case PST_FILTER_CT_STATUS:
        return statuses;
    case PST_FILTER_TCP_FLAGS:
        return tcp_flags;
    default:
        return NULL;
    }
}

/* Flags that are not known are an error; of other names each list has a last row for all the rest.
 */
static gboolean
look_up(PstFilterKey key, const char *text, guint64 *value)
{
    const Name *name = names_of(key);

    if (name == NULL)
        return FALSE;
    while (name->name != NULL && !g_str_equal(name->name, text))
        name++;
    *value = name->value;
    return name->name != NULL || name->value != 0;
}

static gboolean
is_string(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

static gboolean
is_number(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
}

static gboolean
is_address(PstFilterKey key)
{
    return key <= PST_FILTER_DADDR6;
}

static gboolean
is_six(PstFilterKey key)
{
    return key == PST_FILTER_SADDR6 || key == PST_FILTER_DADDR6;
}

/* One value, be it a number or a name. */
static gboolean
read_one(PstFilterKey key, JsonNode *node, guint64 *value)
{
    if (is_number(node) && json_node_get_int(node) >= 0) {
        *value = (guint64)json_node_get_int(node);
        return TRUE;
    }
    return is_string(node) && look_up(key, json_node_get_string(node), value);
}

gboolean
pst_nft_value_bits(PstFilterKey key, JsonNode *node, guint64 *bits)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    *bits = 0;
    /* nft 1.1 writes {"|": […]} where older ones write the list alone. */
    if (inner != NULL && g_str_equal(name, "|"))
        return pst_nft_value_bits(key, inner, bits);
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return read_one(key, node, bits);
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        guint64 one = 0;

        if (!read_one(key, json_array_get_element(array, i), &one))
            return FALSE;
        *bits |= one;
    }
    return TRUE;
}

static gboolean
read_prefix(PstFilterKey key, JsonNode *node, PstFilterRange *range)
{
    JsonObject *prefix = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *address = prefix != NULL ? pst_nft_value_string(prefix, "addr") : NULL;
    gint64 length = -1;

    return address != NULL && is_address(key) &&
           pst_json_get_int(prefix, "len", PST_JSON_REQUIRED, &length, NULL) && length >= 0 &&
           length <= 128 && pst_filter_rules_set_prefix(range, address, (guint)length, is_six(key));
}

static gboolean
read_span(PstFilterKey key, JsonNode *node, PstFilterRange *range)
{
    JsonArray *ends = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint64 low, high;

    if (ends == NULL || json_array_get_length(ends) != 2)
        return FALSE;
    JsonNode *first = json_array_get_element(ends, 0), *last = json_array_get_element(ends, 1);
    if (is_address(key))
        return is_string(first) && is_string(last) &&
               pst_filter_rules_set_addresses(range, json_node_get_string(first),
                                              json_node_get_string(last), is_six(key));
    if (!read_one(key, first, &low) || !read_one(key, last, &high))
        return FALSE;
    pst_filter_rules_set_numbers(range, low, high);
    return TRUE;
}

static gboolean
read_plain(PstFilterKey key, JsonNode *node, PstFilterRange *range)
{
    guint64 value = 0;

    if (is_address(key))
        return is_string(node) &&
               pst_filter_rules_set_network(range, json_node_get_string(node), is_six(key));
    if (key == PST_FILTER_IIF || key == PST_FILTER_OIF) {
        if (!is_string(node))
            return FALSE;
        range->name = g_strdup(json_node_get_string(node));
        return TRUE;
    }
    if (!pst_nft_value_bits(key, node, &value))
        return FALSE;
    pst_filter_rules_set_numbers(range, value, value);
    return TRUE;
}

gboolean
pst_nft_value_range(PstFilterKey key, JsonNode *node, PstFilterRange *range)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    if (inner != NULL && g_str_equal(name, "prefix"))
        return read_prefix(key, inner, range);
    if (inner != NULL && g_str_equal(name, "range"))
        return read_span(key, inner, range);
    return read_plain(key, node, range);
}

JsonObject *
pst_nft_value_object(JsonObject *object, const char *name)
{
    JsonObject *value = NULL;

    pst_json_get_object(object, name, PST_JSON_OPTIONAL, &value, NULL);
    return value;
}

JsonArray *
pst_nft_value_array(JsonObject *object, const char *name)
{
    JsonArray *value = NULL;

    pst_json_get_array(object, name, PST_JSON_OPTIONAL, &value, NULL);
    return value;
}

const char *
pst_nft_value_string(JsonObject *object, const char *name)
{
    const char *value = NULL;

    pst_json_get_string(object, name, PST_JSON_OPTIONAL, &value, NULL);
    return value;
}

JsonNode *
pst_nft_value_only(JsonNode *node, const char **name)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    JsonObject *object = json_node_get_object(node);
    g_autoptr(GList) names = json_object_get_members(object);
    if (g_list_length(names) != 1)
        return NULL;
    *name = names->data;
    return json_object_get_member(object, *name);
}
