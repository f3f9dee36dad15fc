// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-undo.h"

#include <string.h>

#include "guest-shim/firewall-sets.h"
#include "protocol/report.h"

gboolean
pst_firewall_undo_is_specific(const PstFilterRule *rule)
{
    for (guint i = 0; i < rule->steps->len; i++) {
        const PstFilterStep *step = rule->steps->pdata[i];

        for (guint j = 0; step->kind == PST_FILTER_MATCH && !step->negated && j < step->n_keys; j++)
            if (step->keys[j] == PST_FILTER_DPORT || step->keys[j] == PST_FILTER_SADDR4 ||
                step->keys[j] == PST_FILTER_SADDR6)
                return TRUE;
    }
    return FALSE;
}

static gboolean
accepts(const PstFirewallTrial *trial, const PstFilterRule *without)
{
    g_auto(PstFilterResult) result = {PST_FILTER_UNKNOWN};

    pst_filter_walk(trial->rules, trial->question, trial->lookup, trial->data, without, &result);
    return result.decision == PST_FILTER_IS_ACCEPTED;
}

static gboolean
is_nft(const PstFilterTable *table)
{
    return g_str_equal(table->source, "nftables");
}

static const char *
legacy_program(const PstFilterTable *table)
{
    return g_str_equal(table->family, "ip6") ? "ip6tables-legacy" : "iptables-legacy";
}

static char **
delete_words(const PstFilterPlace *place)
{
    const PstFilterTable *table = place->table;
    g_auto(GStrv) words = NULL;

    if (is_nft(table)) {
        if (place->rule->handle == G_MININT64 || !pst_firewall_sets_is_name(table->name) ||
            !pst_firewall_sets_is_name(place->chain->name))
            return NULL;
        g_autofree char *line =
            g_strdup_printf("nft delete rule %s %s %s handle %" G_GINT64_FORMAT, table->family,
                            table->name, place->chain->name, place->rule->handle);
        return g_strsplit(line, " ", -1);
    }
    g_autofree char *line =
        g_strdup_printf("%s -t %s %s", legacy_program(table), table->name, place->rule->text);
    if (!g_shell_parse_argv(line, NULL, &words, NULL) || g_strv_length(words) < 5)
        return NULL;
    g_free(words[3]); /* -A */
    words[3] = g_strdup("-D");
    return g_steal_pointer(&words);
}

/* "ip saddr 192.0.2.7 tcp dport 22 accept", or that of iptables. */
static char **
insert_words(const PstFilterPlace *place, const PstFilterQuestion *question)
{
    const PstFilterTable *table = place->table;
    const char *protocol = question->protocol == IPPROTO_UDP ? "udp" : "tcp";
    g_autoptr(GString) line = g_string_new(NULL);

    if (!pst_firewall_sets_is_name(table->name) || !pst_firewall_sets_is_name(place->chain->name))
        return NULL;
    if (is_nft(table)) {
        g_string_printf(line, "nft insert rule %s %s %s ", table->family, table->name,
                        place->chain->name);
        if (question->from != NULL)
            g_string_append_printf(line, "%s %s %s ", question->six ? "ip6" : "ip",
                                   question->reply ? "daddr" : "saddr", question->from);
        g_string_append_printf(line, "%s %s %u accept", protocol,
                               question->reply ? "sport" : "dport", question->port);
    } else {
        g_string_printf(line, "%s -t %s -I %s ", legacy_program(table), table->name,
                        place->chain->name);
        if (question->from != NULL)
            g_string_append_printf(line, "%s %s ", question->reply ? "-d" : "-s", question->from);
        g_string_append_printf(line, "-p %s --%s %u -j ACCEPT", protocol,
                               question->reply ? "sport" : "dport", question->port);
    }
    return g_strsplit(line->str, " ", -1);
}

/* Whether a rule that accepts everything, first in the chain, would help. */
static gboolean
would_help(const PstFirewallTrial *trial, const PstFilterChain *chain)
{
    PstFilterRule *rule = pst_filter_rules_add_rule((PstFilterChain *)chain);
    GPtrArray *rules = chain->rules;

    pst_filter_rules_add_step(rule, PST_FILTER_VERDICT)->verdict.kind = PST_FILTER_ACCEPT;
    g_ptr_array_insert(rules, 0, g_ptr_array_steal_index(rules, rules->len - 1));
    gboolean helps = accepts(trial, NULL);
    g_ptr_array_remove_index(rules, 0);
    return helps;
}

static void
offer(char **words, gboolean certain, PstFinding *finding)
{
    if (words == NULL)
        return;
    finding->remedy = g_strjoinv(" ", words);
    if (certain)
        pst_report_undo(finding, PST_UNDO_ARGV)->argv = words;
    else
        g_strfreev(words);
}

void
pst_firewall_undo(const PstFirewallTrial *trial, const PstFilterPlace *place, PstFinding *finding)
{
    if (place->rule != NULL && pst_firewall_undo_is_specific(place->rule) &&
        accepts(trial, place->rule))
        offer(delete_words(place), TRUE, finding);
    else if (g_strcmp0(place->chain->type, "filter") == 0 &&
             !g_str_equal(place->table->family, "netdev"))
        offer(insert_words(place, trial->question), would_help(trial, place->chain), finding);
    if (finding->remedy == NULL)
        finding->remedy = g_strdup("look at the chain with: nft -a list ruleset");
}
