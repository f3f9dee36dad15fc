// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/iptables-save.h"

#include <stdio.h>
#include <string.h>

#include "guest-shim/iptables-rule.h"
#include "protocol/error.h"

#define MAX_LINE 8192

/* The built-in chains' hooks, and the priorities of their tables (linux/netfilter_ipv4.h). Source
 * translation comes after, destination translation before routing. */
static const struct {
    const char *table;
    gint64 priority;
} priorities[] = {{"raw", -300}, {"mangle", -150}, {"nat", -100}, {"filter", 0}, {"security", 50}};

static const char *const built_in[] = {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING", NULL};

static gint64
priority_of(const char *table)
{
    for (guint i = 0; i < G_N_ELEMENTS(priorities); i++)
        if (g_str_equal(priorities[i].table, table))
            return priorities[i].priority;
    return 0;
}

/* ":INPUT DROP [12:3456]", and ":f2b-sshd - [0:0]" for a chain of the administrator's. */
static gboolean
read_chain(const char *line, PstFilterTable *table)
{
    char name[256], policy[32];
    gint64 packets = G_MININT64, bytes = G_MININT64;
    int n = sscanf(line, ":%255s %31s [%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT "]", name, policy,
                   &packets, &bytes);

    if (n < 2 || pst_filter_rules_find_chain(table, name) != NULL)
        return FALSE;
    PstFilterChain *chain = pst_filter_rules_add_chain(table, name);
    if (g_strv_contains(built_in, name)) {
        chain->hook = pst_filter_rules_hook(name);
        chain->hook_name = g_ascii_strdown(name, -1);
        chain->type = g_strdup(g_str_equal(table->name, "nat") ? "nat" : "filter");
        chain->priority = priority_of(table->name);
        chain->policy_drops = g_str_equal(policy, "DROP");
    }
    if (n == 4 && packets >= 0 && bytes >= 0) {
        chain->packets = packets;
        chain->bytes = bytes;
    }
    return TRUE;
}

/* "-A CHAIN …", with "[packets:bytes] " before it where the counters were asked for. */
static gboolean
read_rule(const char *line, PstFilterTable *table)
{
    gint64 packets = G_MININT64, bytes = G_MININT64;
    g_auto(GStrv) words = NULL;
    int n, skipped = 0;

    n = sscanf(line, "[%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT "] %n", &packets, &bytes, &skipped);
    if (skipped == 0)
        n = 0;
    if (!g_shell_parse_argv(line + skipped, NULL, &words, NULL) || g_strv_length(words) < 2 ||
        !g_str_equal(words[0], "-A"))
        return FALSE;
    PstFilterChain *chain = pst_filter_rules_find_chain(table, words[1]);
    if (chain == NULL)
        return FALSE;
    PstFilterRule *rule = pst_filter_rules_add_rule(chain);
    if (n == 2 && packets >= 0 && bytes >= 0) {
        rule->packets = packets;
        rule->bytes = bytes;
    }
    rule->text = g_strdup(line + skipped);
    pst_iptables_rule_read(rule, (const char *const *)words + 2, g_str_equal(table->family, "ip6"));
    return TRUE;
}

static gboolean
read_line(const char *line, const char *source, const char *family, PstFilterTable **table,
          PstFilterRules *rules)
{
    switch (line[0]) {
    case '\0':
    case '#':
        return TRUE;
    case '*':
        *table = pst_filter_rules_add_table(rules, source, family, line + 1);
        return TRUE;
    case ':':
        return *table != NULL && read_chain(line, *table);
    case '-':
    case '[':
        return *table != NULL && read_rule(line, *table);
    case 'C':
        *table = NULL;
        return g_str_equal(line, "COMMIT");
    default:
        return FALSE;
    }
}

gboolean
pst_iptables_save_read(const char *text, gsize len, const char *source, const char *family,
                       PstFilterRules *rules, GError **error)
{
    PstFilterTable *table = NULL;
    const char *end = text + len;
    guint number = 1;

    for (const char *p = text; p < end; number++) {
        const char *newline = memchr(p, '\n', (gsize)(end - p));
        gsize length = (gsize)((newline != NULL ? newline : end) - p);
        g_autofree char *raw = g_strndup(p, MIN(length, MAX_LINE));
        g_autofree char *line = g_utf8_make_valid(raw, -1);

        if (length > MAX_LINE || !read_line(g_strstrip(line), source, family, &table, rules)) {
            g_set_error(error, PST_ERROR, PST_ERROR_PARSE, "not understood in line %u: %.80s",
                        number, line);
            return FALSE;
        }
        p += length + 1;
    }
    return TRUE;
}
