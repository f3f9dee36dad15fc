// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/nft-match.h"

#include <string.h>

#include "guest-shim/nft-value.h"
#include "guest-shim/nft-words.h"

#define MAX_PORT 65535

/* Something on the left of a match: which properties, under which mask, and what has to be so
 * before there is such a property. */
typedef struct {
    PstFilterKey keys[PST_FILTER_MAX_KEYS];
    guint n_keys;
    guint64 mask;
    gboolean route_back; /* whether there is a way back to the source */
} Left;

static const struct {
    const char *key;
    PstFilterKey property;
} meta_keys[] = {{"iif", PST_FILTER_IIF},          {"iifname", PST_FILTER_IIF},
                 {"oif", PST_FILTER_OIF},          {"oifname", PST_FILTER_OIF},
                 {"l4proto", PST_FILTER_L4PROTO},  {"nfproto", PST_FILTER_NFPROTO},
                 {"protocol", PST_FILTER_NFPROTO}, {"pkttype", PST_FILTER_PKTTYPE}};

/* A header's field, and the protocol in which it is (0: any). */
static const struct {
    const char *protocol, *field;
    PstFilterKey property;
    guint family, transport;
} fields[] = {
    {"ip", "saddr", PST_FILTER_SADDR4, 2, 0},      {"ip", "daddr", PST_FILTER_DADDR4, 2, 0},
    {"ip", "protocol", PST_FILTER_L4PROTO, 2, 0},  {"ip", NULL, PST_FILTER_OPAQUE, 2, 0},
    {"ip6", "saddr", PST_FILTER_SADDR6, 10, 0},    {"ip6", "daddr", PST_FILTER_DADDR6, 10, 0},
    {"ip6", "nexthdr", PST_FILTER_L4PROTO, 10, 0}, {"ip6", NULL, PST_FILTER_OPAQUE, 10, 0},
    {"th", "sport", PST_FILTER_SPORT, 0, 0},       {"th", "dport", PST_FILTER_DPORT, 0, 0},
    {"tcp", "sport", PST_FILTER_SPORT, 0, 6},      {"tcp", "dport", PST_FILTER_DPORT, 0, 6},
    {"tcp", "flags", PST_FILTER_TCP_FLAGS, 0, 6},  {"tcp", NULL, PST_FILTER_OPAQUE, 0, 6},
    {"udp", "sport", PST_FILTER_SPORT, 0, 17},     {"udp", "dport", PST_FILTER_DPORT, 0, 17},
    {"udp", NULL, PST_FILTER_OPAQUE, 0, 17},       {"icmp", NULL, PST_FILTER_OPAQUE, 0, 1},
    {"igmp", NULL, PST_FILTER_OPAQUE, 0, 2},       {"icmpv6", NULL, PST_FILTER_OPAQUE, 0, 58},
    {"sctp", NULL, PST_FILTER_OPAQUE, 0, 132},     {"dccp", NULL, PST_FILTER_OPAQUE, 0, 33},
    {"udplite", NULL, PST_FILTER_OPAQUE, 0, 136},  {"esp", NULL, PST_FILTER_OPAQUE, 0, 50},
    {"ah", NULL, PST_FILTER_OPAQUE, 0, 51},        {"comp", NULL, PST_FILTER_OPAQUE, 0, 108},
};

/* What nft leaves out of its output because the field implies it. */
static void
add_dependency(PstFilterRule *rule, PstFilterKey key, guint64 value)
{
    PstFilterStep *step;

    if (value == 0)
        return;
    step = pst_filter_rules_add_step(rule, PST_FILTER_MATCH);
    step->keys[0] = key;
    step->n_keys = 1;
    pst_filter_rules_set_numbers(&pst_filter_rules_add_element(step)->ranges[0], value, value);
}

static PstFilterKey
read_payload(PstFilterRule *rule, JsonNode *node)
{
    JsonObject *payload = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *protocol = payload != NULL ? pst_nft_value_string(payload, "protocol") : NULL;
    const char *field = payload != NULL ? pst_nft_value_string(payload, "field") : NULL;

    for (guint i = 0; protocol != NULL && field != NULL && i < G_N_ELEMENTS(fields); i++) {
        if (!g_str_equal(fields[i].protocol, protocol) ||
            (fields[i].field != NULL && !g_str_equal(fields[i].field, field)))
            continue;
        add_dependency(rule, PST_FILTER_NFPROTO, fields[i].family);
        add_dependency(rule, PST_FILTER_L4PROTO, fields[i].transport);
        return fields[i].property;
    }
    return PST_FILTER_OPAQUE;
}

static const char *
member_of(JsonNode *node, const char *name)
{
    return JSON_NODE_HOLDS_OBJECT(node) ? pst_nft_value_string(json_node_get_object(node), name)
                                        : NULL;
}

static PstFilterKey
read_meta(JsonNode *node)
{
    const char *key = member_of(node, "key");

    for (guint i = 0; key != NULL && i < G_N_ELEMENTS(meta_keys); i++)
        if (g_str_equal(meta_keys[i].key, key))
            return meta_keys[i].property;
    return PST_FILTER_OPAQUE;
}

static PstFilterKey
read_ct(JsonNode *node)
{
    const char *key = member_of(node, "key");

    if (g_strcmp0(key, "state") == 0)
        return PST_FILTER_CT_STATE;
    return g_strcmp0(key, "status") == 0 ? PST_FILTER_CT_STATUS : PST_FILTER_OPAQUE;
}

static gboolean
has_flag(JsonNode *node, const char *flag)
{
    JsonArray *flags = JSON_NODE_HOLDS_OBJECT(node)
                           ? pst_nft_value_array(json_node_get_object(node), "flags")
                           : NULL;

    for (guint i = 0; flags != NULL && i < json_array_get_length(flags); i++)
        if (JSON_NODE_HOLDS_VALUE(json_array_get_element(flags, i)) &&
            g_strcmp0(json_array_get_string_element(flags, i), flag) == 0)
            return TRUE;
    return FALSE;
}

/* The routing table asked: what the destination is, or whether there is a way back (the filter of
 * reverse paths that firewalld sets up for IPv6). */
static PstFilterKey
read_fib(JsonNode *node, Left *left)
{
    const char *result = member_of(node, "result");

    if (g_strcmp0(result, "type") == 0 && has_flag(node, "daddr") && !has_flag(node, "saddr"))
        return PST_FILTER_DTYPE;
    left->route_back =
        has_flag(node, "saddr") && !has_flag(node, "daddr") && g_strcmp0(result, "type") != 0;
    return PST_FILTER_OPAQUE;
}

static PstFilterKey
read_key(PstFilterRule *rule, JsonNode *node, Left *left)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    if (inner == NULL)
        return PST_FILTER_OPAQUE;
    if (g_str_equal(name, "payload"))
        return read_payload(rule, inner);
    if (g_str_equal(name, "meta"))
        return read_meta(inner);
    if (g_str_equal(name, "ct"))
        return read_ct(inner);
    return g_str_equal(name, "fib") ? read_fib(inner, left) : PST_FILTER_OPAQUE;
}

static void
read_masked(PstFilterRule *rule, JsonArray *pair, Left *left)
{
    left->n_keys = 1;
    left->keys[0] = PST_FILTER_OPAQUE;
    if (json_array_get_length(pair) != 2)
        return;
    PstFilterKey key = read_key(rule, json_array_get_element(pair, 0), left);
    gboolean flags =
        key == PST_FILTER_TCP_FLAGS || key == PST_FILTER_CT_STATE || key == PST_FILTER_CT_STATUS;

    if (flags && pst_nft_value_bits(key, json_array_get_element(pair, 1), &left->mask) &&
        left->mask != 0)
        left->keys[0] = key;
}

static void
read_left(PstFilterRule *rule, JsonNode *node, Left *left)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);
    JsonArray *array =
        inner != NULL && JSON_NODE_HOLDS_ARRAY(inner) ? json_node_get_array(inner) : NULL;

    memset(left, 0, sizeof(*left));
    if (array != NULL && g_str_equal(name, "&")) {
        read_masked(rule, array, left);
    } else if (array != NULL && g_str_equal(name, "concat") &&
               json_array_get_length(array) <= PST_FILTER_MAX_KEYS) {
        left->n_keys = json_array_get_length(array);
        for (guint i = 0; i < left->n_keys; i++)
            left->keys[i] = read_key(rule, json_array_get_element(array, i), left);
    } else {
        left->n_keys = 1;
        left->keys[0] = read_key(rule, node, left);
    }
}

/* {"elem": {"val": …, "timeout": …}} for an element with more to it. */
static JsonNode *
strip_element(JsonNode *node)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    if (inner == NULL || !g_str_equal(name, "elem") || !JSON_NODE_HOLDS_OBJECT(inner) ||
        !json_object_has_member(json_node_get_object(inner), "val"))
        return node;
    return json_object_get_member(json_node_get_object(inner), "val");
}

static gboolean
add_value(PstFilterStep *step, JsonNode *raw, PstFilterElement **added)
{
    JsonNode *node = strip_element(raw);
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);
    PstFilterElement *element = pst_filter_rules_add_element(step);

    *added = element;
    if (step->n_keys == 1)
        return pst_nft_value_range(step->keys[0], node, &element->ranges[0]);
    if (inner == NULL || !g_str_equal(name, "concat") || !JSON_NODE_HOLDS_ARRAY(inner))
        return FALSE;
    JsonArray *parts = json_node_get_array(inner);
    if (json_array_get_length(parts) != step->n_keys)
        return FALSE;
    for (guint i = 0; i < step->n_keys; i++)
        if (!pst_nft_value_range(step->keys[i], json_array_get_element(parts, i),
                                 &element->ranges[i]))
            return FALSE;
    return TRUE;
}

static const char *
set_name(JsonNode *node)
{
    const char *text =
        JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
            ? json_node_get_string(node)
            : NULL;

    return text != NULL && text[0] == '@' ? text + 1 : NULL;
}

static JsonArray *
set_elements(JsonNode *node)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    return inner != NULL && g_str_equal(name, "set") && JSON_NODE_HOLDS_ARRAY(inner)
               ? json_node_get_array(inner)
               : NULL;
}

/* Turns a comparison into a range. */
static gboolean
bound(PstFilterStep *step, const char *op)
{
    PstFilterRange *range = &((PstFilterElement *)step->elements->pdata[0])->ranges[0];
    guint64 value = 0;

    if (strlen(op) == 0 || strchr("<>", op[0]) == NULL)
        return TRUE;
    if (range->name != NULL || step->mask != 0)
        return FALSE;
    for (guint i = 8; i < 16; i++)
        value = value << 8 | range->low[i];
    if (g_str_equal(op, "<") && value > 0)
        pst_filter_rules_set_numbers(range, 0, value - 1);
    else if (g_str_equal(op, "<="))
        pst_filter_rules_set_numbers(range, 0, value);
    else if (g_str_equal(op, ">") && value < MAX_PORT)
        pst_filter_rules_set_numbers(range, value + 1, MAX_PORT);
    else if (g_str_equal(op, ">="))
        pst_filter_rules_set_numbers(range, value, MAX_PORT);
    else
        return FALSE;
    return TRUE;
}

static gboolean
is_ordered(PstFilterKey key)
{
    return key == PST_FILTER_SPORT || key == PST_FILTER_DPORT;
}

static gboolean
is_flags(PstFilterKey key)
{
    return key == PST_FILTER_TCP_FLAGS || key == PST_FILTER_CT_STATE || key == PST_FILTER_CT_STATUS;
}

static gboolean
read_right(PstFilterStep *step, const char *op, JsonNode *right)
{
    JsonArray *elements = set_elements(right);
    const char *name = set_name(right);
    gboolean compares = op[0] == '<' || op[0] == '>';
    PstFilterElement *element;

    if (compares && (elements != NULL || name != NULL || !is_ordered(step->keys[0])))
        return FALSE;
    if (name != NULL) {
        step->set = g_strdup(name);
        return step->mask == 0;
    }
    /* "in" asks for any of the flags, and so does "!" for none of them. */
    if ((g_str_equal(op, "in") || g_str_equal(op, "!")) && is_flags(step->keys[0])) {
        step->any_bit = TRUE;
        return step->mask == 0 && pst_nft_value_bits(step->keys[0], right, &step->mask);
    }
    for (guint i = 0; elements != NULL && i < json_array_get_length(elements); i++)
        if (!add_value(step, json_array_get_element(elements, i), &element))
            return FALSE;
    return elements != NULL || (add_value(step, right, &element) && bound(step, op));
}

static void
make_opaque(PstFilterStep *step, JsonNode *statement)
{
    step->keys[0] = PST_FILTER_OPAQUE;
    step->n_keys = 1;
    g_clear_pointer(&step->what, g_free);
    step->what = pst_nft_words_statement(statement);
}

static PstFilterStep *
add_left(PstFilterRule *rule, PstFilterStepKind kind, JsonNode *left_node, gboolean *route_back)
{
    Left left = {.n_keys = 0};

    read_left(rule, left_node, &left); /* adds what it depends on first */
    PstFilterStep *step = pst_filter_rules_add_step(rule, kind);
    memcpy(step->keys, left.keys, sizeof(step->keys));
    step->n_keys = left.n_keys;
    step->mask = left.mask;
    *route_back = left.route_back;
    return step;
}

static gboolean
is_opaque(const PstFilterStep *step)
{
    for (guint i = 0; i < step->n_keys; i++)
        if (step->keys[i] == PST_FILTER_OPAQUE)
            return TRUE;
    return step->n_keys == 0;
}

/* A packet that could be answered has a route back, and whatever denies those without does not
 * concern it: "missing" is false, which is a match by no element. */
static void
settle_route_back(PstFilterStep *step, gboolean missing, gboolean negated)
{
    step->keys[0] = PST_FILTER_NFPROTO;
    step->n_keys = 1;
    step->elements = NULL;
    step->negated = missing == negated;
}

static void
add_match(PstFilterRule *rule, JsonNode *statement, JsonObject *match)
{
    JsonNode *left = json_object_get_member(match, "left");
    JsonNode *right = json_object_get_member(match, "right");
    const char *op = pst_nft_value_string(match, "op");
    gboolean route_back = FALSE;

    if (left == NULL || right == NULL || op == NULL) {
        make_opaque(pst_filter_rules_add_step(rule, PST_FILTER_MATCH), statement);
        return;
    }
    PstFilterStep *step = add_left(rule, PST_FILTER_MATCH, left, &route_back);
    step->negated = g_str_equal(op, "!=") || g_str_equal(op, "!");
    if (route_back && step->n_keys == 1 && JSON_NODE_HOLDS_VALUE(right) &&
        json_node_get_value_type(right) == G_TYPE_BOOLEAN)
        settle_route_back(step, !json_node_get_boolean(right), step->negated);
    else if (is_opaque(step) || !read_right(step, op, right))
        make_opaque(step, statement);
}

static gboolean
find_verdict(const char *name, const char *target, PstFilterVerdict *verdict)
{
    static const struct {
        const char *name;
        PstFilterVerdictKind kind;
    } verdicts[] = {{"accept", PST_FILTER_ACCEPT},    {"drop", PST_FILTER_DROP},
                    {"reject", PST_FILTER_REJECT},    {"jump", PST_FILTER_JUMP},
                    {"goto", PST_FILTER_GOTO},        {"return", PST_FILTER_RETURN},
                    {"continue", PST_FILTER_CONTINUE}};

    for (guint i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        if (!g_str_equal(verdicts[i].name, name))
            continue;
        verdict->kind = verdicts[i].kind;
        verdict->target = g_strdup(target);
        return TRUE;
    }
    return FALSE;
}

gboolean
pst_nft_match_verdict(JsonNode *node, PstFilterVerdict *verdict)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(node, &name);

    return inner != NULL && find_verdict(name, member_of(inner, "target"), verdict);
}

gboolean
pst_nft_match_verdict_words(const char *text, PstFilterVerdict *verdict)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 2);

    return words[0] != NULL && find_verdict(words[0], words[1], verdict);
}

static gboolean
read_map(PstFilterStep *step, JsonNode *data)
{
    JsonArray *pairs = set_elements(data);
    const char *name = set_name(data);

    step->set = g_strdup(name);
    for (guint i = 0; pairs != NULL && i < json_array_get_length(pairs); i++) {
        JsonNode *node = json_array_get_element(pairs, i);
        JsonArray *pair = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
        PstFilterElement *element;

        if (pair == NULL || json_array_get_length(pair) != 2 ||
            !add_value(step, json_array_get_element(pair, 0), &element) ||
            !pst_nft_match_verdict(json_array_get_element(pair, 1), &element->verdict))
            return FALSE;
    }
    return name != NULL || pairs != NULL;
}

static void
add_map(PstFilterRule *rule, JsonNode *statement, JsonObject *map)
{
    JsonNode *key = json_object_get_member(map, "key");
    JsonNode *data = json_object_get_member(map, "data");
    gboolean route_back = FALSE;

    if (key == NULL || data == NULL) {
        make_opaque(pst_filter_rules_add_step(rule, PST_FILTER_MAP), statement);
        return;
    }
    PstFilterStep *step = add_left(rule, PST_FILTER_MAP, key, &route_back);
    if (is_opaque(step) || step->mask != 0 || !read_map(step, data))
        make_opaque(step, statement);
}

/* A set that a packet is put into counts or limits what it holds where it has statements. */
static gboolean
limits(JsonNode *inner)
{
    return JSON_NODE_HOLDS_OBJECT(inner) &&
           json_object_has_member(json_node_get_object(inner), "stmt");
}

static void
add_elsewhere(PstFilterRule *rule, JsonNode *statement)
{
    PstFilterStep *step = pst_filter_rules_add_step(rule, PST_FILTER_VERDICT);

    step->verdict.kind = PST_FILTER_ELSEWHERE;
    step->verdict.target = pst_nft_words_statement(statement);
}

typedef enum {
    PASSES,
    RATES,
    NOTRACKS,
    LEAVES,
} Effect;

/* What a statement does with the packet besides what it is there for. */
static const struct {
    const char *name;
    Effect effect;
} statements[] = {
    {"counter", PASSES},   {"log", PASSES},        {"comment", PASSES},
    {"ct helper", PASSES}, {"ct timeout", PASSES}, {"ct expectation", PASSES},
    {"flow", PASSES},      {"dup", PASSES},        {"secmark", PASSES},
    {"last", PASSES},      {"snat", PASSES},       {"masquerade", PASSES},
    {"limit", RATES},      {"quota", RATES},       {"ct count", RATES},
    {"meter", RATES},      {"notrack", NOTRACKS},  {"queue", LEAVES},
    {"dnat", LEAVES},      {"redirect", LEAVES},   {"tproxy", LEAVES},
    {"fwd", LEAVES},       {"synproxy", LEAVES},
};

static void
add_effect(PstFilterRule *rule, JsonNode *statement, Effect effect)
{
    if (effect == LEAVES)
        add_elsewhere(rule, statement);
    else if (effect == NOTRACKS)
        pst_filter_rules_add_step(rule, PST_FILTER_NOTRACK);
    else if (effect == RATES)
        pst_filter_rules_add_step(rule, PST_FILTER_RATE)->what = pst_nft_words_statement(statement);
}

/* A mark is set without harm; a header that is changed is another packet's from there on. */
static void
add_mangle(PstFilterRule *rule, JsonNode *statement, JsonNode *inner)
{
    JsonNode *key = JSON_NODE_HOLDS_OBJECT(inner)
                        ? json_object_get_member(json_node_get_object(inner), "key")
                        : NULL;
    const char *name = NULL;

    if (key == NULL || pst_nft_value_only(key, &name) == NULL || g_str_equal(name, "payload"))
        add_elsewhere(rule, statement);
}

/* An extension of iptables'. nft 1.0.6 tells its name, older ones nothing. */
static void
add_extension(PstFilterRule *rule, JsonNode *statement, JsonNode *inner)
{
    rule->foreign = TRUE;
    if (g_strcmp0(member_of(inner, "name"), "comment") == 0)
        return;
    if (g_strcmp0(member_of(inner, "type"), "match") == 0) {
        g_autofree char *what = pst_nft_words_statement(statement);
        pst_filter_rules_add_opaque(rule, what);
    } else {
        add_elsewhere(rule, statement);
    }
}

void
pst_nft_match_add(PstFilterRule *rule, JsonNode *statement)
{
    const char *name = NULL;
    JsonNode *inner = pst_nft_value_only(statement, &name);
    PstFilterVerdict verdict = {PST_FILTER_CONTINUE, NULL};

    if (inner == NULL) {
        add_elsewhere(rule, statement);
    } else if (pst_nft_match_verdict(statement, &verdict)) {
        pst_filter_rules_add_step(rule, PST_FILTER_VERDICT)->verdict = verdict;
    } else if (g_str_equal(name, "match") && JSON_NODE_HOLDS_OBJECT(inner)) {
        add_match(rule, statement, json_node_get_object(inner));
    } else if (g_str_equal(name, "vmap") && JSON_NODE_HOLDS_OBJECT(inner)) {
        add_map(rule, statement, json_node_get_object(inner));
    } else if (g_str_equal(name, "mangle")) {
        add_mangle(rule, statement, inner);
    } else if (g_str_equal(name, "xt")) {
        add_extension(rule, statement, inner);
    } else if (g_str_equal(name, "set")) {
        add_effect(rule, statement, limits(inner) ? RATES : PASSES);
    } else {
        for (guint i = 0; i < G_N_ELEMENTS(statements); i++)
            if (g_str_equal(statements[i].name, name)) {
                add_effect(rule, statement, statements[i].effect);
                return;
            }
        add_elsewhere(rule, statement);
    }
}
