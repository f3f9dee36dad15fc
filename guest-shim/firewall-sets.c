// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-sets.h"

#include <string.h>

#include "guest-shim/firewall-load.h"
#include "guest-shim/nft-match.h"
#include "guest-shim/nft-value.h"
#include "guest-shim/program.h"
#include "protocol/json.h"

#define MAX_ASKED 12
#define ASK_MS 3000
#define MAX_ANSWER (64 * 1024)
/* What nft says of an element that is not in the set; of a set that is not there it says so without
 * "process rule" (libnftables of 1.0.6). */
#define NOT_IN_IT "Could not process rule: No such file or directory"

struct PstFirewallSets {
    const PstProbeContext *context;
    GHashTable *answers; /* by what was asked; PstProgramResult, or NULL */
};

static void
free_answer(gpointer data)
{
    if (data != NULL)
        pst_program_result_free(data);
}

PstFirewallSets *
pst_firewall_sets_new(const PstProbeContext *context)
{
    PstFirewallSets *sets = g_new0(PstFirewallSets, 1);

    sets->context = context;
    sets->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_answer);
    return sets;
}

void
pst_firewall_sets_free(PstFirewallSets *sets)
{
    g_hash_table_unref(sets->answers);
    g_free(sets);
}

/* nft reads its arguments as one text, so that a name with a semicolon would begin a command. */
gboolean
pst_firewall_sets_is_name(const char *name)
{
    if (!g_ascii_isalpha(name[0]) && name[0] != '_')
        return FALSE;
    for (const char *p = name; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr("_-.", *p) == NULL)
            return FALSE;
    return strlen(name) < 128;
}

/* The same of an element, which is numbers, addresses and names of interfaces. */
static gboolean
is_element(const char *element)
{
    for (const char *p = element; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr(" .:_-", *p) == NULL)
            return FALSE;
    return TRUE;
}

static PstProgramResult *
ask(PstFirewallSets *sets, const PstFilterTable *table, const char *set, const char *element)
{
    g_autofree char *braces = g_strdup_printf("{ %s }", element);
    const char *const argv[] = {"-j",        "get", "element", table->family,
                                table->name, set,   braces,    NULL};
    const PstProgram program = {
        .candidates = pst_firewall_load_nft,
        .argv = argv,
        .timeout_ms = pst_probe_time_left_ms(sets->context, ASK_MS),
        .max_output = MAX_ANSWER,
    };
    g_autofree char *key = g_strdup_printf("%s %s %s %s", table->family, table->name, set, element);
    PstProgramResult *result = NULL;

    if (g_hash_table_lookup_extended(sets->answers, key, NULL, (gpointer *)&result))
        return result;
    if (g_hash_table_size(sets->answers) >= MAX_ASKED)
        return NULL;
    result = pst_program_run(sets->context->sysroot, &program, NULL);
    g_hash_table_insert(sets->answers, g_steal_pointer(&key), result);
    return result;
}

/* The map's "elem" is a list of pairs, of which there is one here. */
static JsonNode *
verdict_of(JsonObject *map)
{
    JsonArray *elements = pst_nft_value_array(map, "elem");
    JsonNode *first = elements != NULL && json_array_get_length(elements) == 1
                          ? json_array_get_element(elements, 0)
                          : NULL;
    JsonArray *pair =
        first != NULL && JSON_NODE_HOLDS_ARRAY(first) ? json_node_get_array(first) : NULL;

    return pair != NULL && json_array_get_length(pair) == 2 ? json_array_get_element(pair, 1)
                                                            : NULL;
}

/* nft 1.0.6 answers this one question as it would without -j:
 * `elements = { 22 counter packets 0 bytes 0 : jump ssh }`. */
static gboolean
read_words(const char *text, PstFilterVerdict *verdict)
{
    const char *elements = strstr(text, "elements = {");
    const char *end = elements != NULL ? strchr(elements, '}') : NULL;
    const char *colon = end != NULL ? g_strrstr_len(elements, end - elements, " : ") : NULL;

    if (colon == NULL)
        return FALSE;
    g_autofree char *said = g_strndup(colon + 3, (gsize)(end - colon - 3));
    return pst_nft_match_verdict_words(g_strstrip(said), verdict);
}

gboolean
pst_firewall_sets_read_map(const char *text, gsize len, PstFilterVerdict *verdict)
{
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &pst_validate_from_agent, NULL);
    JsonArray *items = json != NULL ? pst_nft_value_array(json, "nftables") : NULL;

    for (guint i = 0; items != NULL && i < json_array_get_length(items); i++) {
        JsonNode *item = json_array_get_element(items, i);
        JsonObject *map = JSON_NODE_HOLDS_OBJECT(item)
                              ? pst_nft_value_object(json_node_get_object(item), "map")
                              : NULL;
        JsonNode *node = map != NULL ? verdict_of(map) : NULL;

        if (node != NULL)
            return pst_nft_match_verdict(node, verdict);
    }
    return json == NULL && read_words(text, verdict);
}

PstFilterTruth
pst_firewall_sets_ask(const PstFilterTable *table, const PstFilterStep *step, const char *element,
                      PstFilterVerdict *verdict, gpointer data)
{
    if (!g_str_equal(table->source, "nftables") || !pst_firewall_sets_is_name(table->name) ||
        !pst_firewall_sets_is_name(step->set) || !is_element(element))
        return PST_FILTER_MAYBE;
    const PstProgramResult *answer = ask(data, table, step->set, element);
    if (answer == NULL || answer->timed_out || answer->signal != 0)
        return PST_FILTER_MAYBE;
    if (answer->exit_status != 0)
        return strstr(answer->err->str, NOT_IN_IT) != NULL ? PST_FILTER_NO : PST_FILTER_MAYBE;
    if (verdict != NULL && !pst_firewall_sets_read_map(answer->out->str, answer->out->len, verdict))
        return PST_FILTER_MAYBE;
    return PST_FILTER_YES;
}
