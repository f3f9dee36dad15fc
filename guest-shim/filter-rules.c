// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/filter-rules.h"

#include <arpa/inet.h>
#include <string.h>

static void
free_element(gpointer data)
{
    PstFilterElement *element = data;

    for (guint i = 0; i < PST_FILTER_MAX_KEYS; i++)
        g_free(element->ranges[i].name);
    g_free(element->verdict.target);
    g_free(element);
}

static void
free_step(gpointer data)
{
    PstFilterStep *step = data;

    if (step->elements != NULL)
        g_ptr_array_unref(step->elements);
    g_free(step->set);
    g_free(step->what);
    g_free(step->verdict.target);
    g_free(step);
}

static void
free_rule(gpointer data)
{
    PstFilterRule *rule = data;

    g_free(rule->text);
    g_ptr_array_unref(rule->steps);
    g_free(rule);
}

static void
free_chain(gpointer data)
{
    PstFilterChain *chain = data;

    g_free(chain->name);
    g_free(chain->hook_name);
    g_free(chain->type);
    g_strfreev(chain->devices);
    g_ptr_array_unref(chain->rules);
    g_free(chain);
}

static void
free_set(gpointer data)
{
    PstFilterSet *set = data;

    g_free(set->name);
    g_free(set->type);
    g_free(set);
}

static void
free_table(gpointer data)
{
    PstFilterTable *table = data;

    g_free(table->source);
    g_free(table->family);
    g_free(table->name);
    g_hash_table_unref(table->by_name);
    g_ptr_array_unref(table->chains);
    g_ptr_array_unref(table->sets);
    g_free(table);
}

PstFilterRules *
pst_filter_rules_new(void)
{
    PstFilterRules *rules = g_new0(PstFilterRules, 1);

    rules->tables = g_ptr_array_new_with_free_func(free_table);
    return rules;
}

void
pst_filter_rules_free(PstFilterRules *rules)
{
    g_ptr_array_unref(rules->tables);
    g_free(rules);
}

PstFilterTable *
pst_filter_rules_add_table(PstFilterRules *rules, const char *source, const char *family,
                           const char *name)
{
    PstFilterTable *table = g_new0(PstFilterTable, 1);

    table->source = g_strdup(source);
    table->family = g_strdup(family);
    table->name = g_strdup(name);
    table->chains = g_ptr_array_new_with_free_func(free_chain);
    table->sets = g_ptr_array_new_with_free_func(free_set);
    table->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_ptr_array_add(rules->tables, table);
    return table;
}

PstFilterChain *
pst_filter_rules_add_chain(PstFilterTable *table, const char *name)
{
    PstFilterChain *chain = g_new0(PstFilterChain, 1);

    chain->name = g_strdup(name);
    chain->packets = chain->bytes = G_MININT64;
    chain->rules = g_ptr_array_new_with_free_func(free_rule);
    g_ptr_array_add(table->chains, chain);
    g_hash_table_insert(table->by_name, chain->name, chain);
    return chain;
}

PstFilterSet *
pst_filter_rules_add_set(PstFilterTable *table, const char *name, const char *type)
{
    PstFilterSet *set = g_new0(PstFilterSet, 1);

    set->name = g_strdup(name);
    set->type = g_strdup(type);
    g_ptr_array_add(table->sets, set);
    return set;
}

PstFilterRule *
pst_filter_rules_add_rule(PstFilterChain *chain)
{
    PstFilterRule *rule = g_new0(PstFilterRule, 1);

    rule->handle = rule->packets = rule->bytes = G_MININT64;
    rule->steps = g_ptr_array_new_with_free_func(free_step);
    g_ptr_array_add(chain->rules, rule);
    return rule;
}

PstFilterStep *
pst_filter_rules_add_step(PstFilterRule *rule, PstFilterStepKind kind)
{
    PstFilterStep *step = g_new0(PstFilterStep, 1);

    step->kind = kind;
    g_ptr_array_add(rule->steps, step);
    return step;
}

PstFilterElement *
pst_filter_rules_add_element(PstFilterStep *step)
{
    PstFilterElement *element = g_new0(PstFilterElement, 1);

    if (step->elements == NULL)
        step->elements = g_ptr_array_new_with_free_func(free_element);
    g_ptr_array_add(step->elements, element);
    return element;
}

PstFilterStep *
pst_filter_rules_add_opaque(PstFilterRule *rule, const char *what)
{
    PstFilterStep *step = pst_filter_rules_add_step(rule, PST_FILTER_MATCH);

    step->keys[0] = PST_FILTER_OPAQUE;
    step->n_keys = 1;
    step->what = g_strdup(what);
    return step;
}

PstFilterTable *
pst_filter_rules_find_table(const PstFilterRules *rules, const char *source, const char *family,
                            const char *name)
{
    for (guint i = 0; i < rules->tables->len; i++) {
        PstFilterTable *table = rules->tables->pdata[i];

        if (g_str_equal(table->source, source) && g_str_equal(table->family, family) &&
            g_str_equal(table->name, name))
            return table;
    }
    return NULL;
}

PstFilterChain *
pst_filter_rules_find_chain(const PstFilterTable *table, const char *name)
{
    return name != NULL ? g_hash_table_lookup(table->by_name, name) : NULL;
}

const PstFilterSet *
pst_filter_rules_find_set(const PstFilterTable *table, const char *name)
{
    for (guint i = 0; i < table->sets->len; i++) {
        const PstFilterSet *set = table->sets->pdata[i];

        if (g_str_equal(set->name, name))
            return set;
    }
    return NULL;
}

PstFilterHook
pst_filter_rules_hook(const char *name)
{
    static const struct {
        const char *name;
        PstFilterHook hook;
    } hooks[] = {
        {"ingress", PST_FILTER_HOOK_INGRESS}, {"prerouting", PST_FILTER_HOOK_PREROUTING},
        {"input", PST_FILTER_HOOK_INPUT},     {"output", PST_FILTER_HOOK_OUTPUT},
        {"egress", PST_FILTER_HOOK_OTHER},    {"postrouting", PST_FILTER_HOOK_POSTROUTING},
    };

    if (name == NULL)
        return PST_FILTER_HOOK_NONE;
    for (guint i = 0; i < G_N_ELEMENTS(hooks); i++)
        if (g_ascii_strcasecmp(name, hooks[i].name) == 0)
            return hooks[i].hook;
    return PST_FILTER_HOOK_OTHER;
}

static void
put_number(guint8 *bytes, guint64 number)
{
    memset(bytes, 0, 16);
    for (guint i = 0; i < 8; i++)
        bytes[15 - i] = (guint8)(number >> (8 * i));
}

void
pst_filter_rules_set_numbers(PstFilterRange *range, guint64 low, guint64 high)
{
    put_number(range->low, low);
    put_number(range->high, high);
}

/* An IPv4 address stands in the last four of the 16 bytes. */
static gboolean
put_address(guint8 *bytes, const char *text, gboolean six)
{
    memset(bytes, 0, 16);
    return inet_pton(six ? AF_INET6 : AF_INET, text, six ? bytes : bytes + 12) == 1;
}

gboolean
pst_filter_rules_set_addresses(PstFilterRange *range, const char *low, const char *high,
                               gboolean six)
{
    return put_address(range->low, low, six) && put_address(range->high, high, six);
}

gboolean
pst_filter_rules_set_prefix(PstFilterRange *range, const char *address, guint bits, gboolean six)
{
    guint length = six ? 128 : 32;

    if (bits > length || !pst_filter_rules_set_addresses(range, address, address, six))
        return FALSE;
    for (guint i = bits; i < length; i++) {
        guint at = 128 - length + i;

        range->low[at / 8] &= (guint8) ~(0x80u >> at % 8);
        range->high[at / 8] |= (guint8)(0x80u >> at % 8);
    }
    return TRUE;
}

/* The bits of a mask such as 255.255.255.0; -1 for one with holes. */
static int
mask_bits(const char *text)
{
    guint8 bytes[16];
    guint bits = 0;

    if (!put_address(bytes, text, FALSE))
        return -1;
    guint32 mask =
        (guint32)bytes[12] << 24 | (guint32)bytes[13] << 16 | (guint32)bytes[14] << 8 | bytes[15];
    while (bits < 32 && (mask & 0x80000000u >> bits) != 0)
        bits++;
    return bits == 32 || mask << bits == 0 ? (int)bits : -1;
}

gboolean
pst_filter_rules_set_network(PstFilterRange *range, const char *text, gboolean six)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 3);
    guint64 bits = six ? 128 : 32;

    if (g_strv_length(parts) == 0 || g_strv_length(parts) > 2)
        return FALSE;
    if (parts[1] != NULL && strchr(parts[1], '.') != NULL && !six) {
        int counted = mask_bits(parts[1]);

        return counted >= 0 && pst_filter_rules_set_prefix(range, parts[0], (guint)counted, six);
    }
    if (parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &bits, NULL))
        return FALSE;
    return pst_filter_rules_set_prefix(range, parts[0], (guint)bits, six);
}
