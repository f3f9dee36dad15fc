// SPDX-License-Identifier: LGPL-2.1-or-later
/* The readers of packet filters' rules, and the way of a packet through them. */
#include <string.h>

#include "guest-shim/firewall-sets.h"
#include "protocol/error.h"
#include "tests/unit/rulesets.h"

static const char *const card[] = {"eth0", NULL};
static const char *const own[] = {"10.0.2.15", NULL};

static PstFilterQuestion
to_port(guint16 port)
{
    return (PstFilterQuestion){.protocol = IPPROTO_TCP, .port = port, .own = own, .links = card};
}

/* "accept", or "drop at 11" with the deciding rule's handle. */
static char *
ask(const PstFilterRules *rules, PstFilterQuestion question, PstFilterLookup lookup)
{
    g_auto(PstFilterResult) result = {PST_FILTER_UNKNOWN};

    pst_filter_walk(rules, &question, lookup, NULL, NULL, &result);
    const char *name = pst_filter_walk_decision_names[result.decision];
    g_assert_cmpint(result.decision == PST_FILTER_UNKNOWN, ==, result.unmodelled != NULL);
    if (result.place.rule != NULL)
        return g_strdup_printf("%s at %" G_GINT64_FORMAT, name, result.place.rule->handle);
    return g_strdup_printf("%s by policy", name);
}

static void
assert_verdict(const PstFilterRules *rules, PstFilterQuestion question, const char *expected)
{
    g_autofree char *seen = ask(rules, question, NULL);

    g_assert_cmpstr(seen, ==, expected);
}

/* Which set an element is in stands in the test: those that begin with 192.0.2. are in it. */
static PstFilterTruth
in_documentation(const PstFilterTable *table G_GNUC_UNUSED, const PstFilterStep *step,
                 const char *element, PstFilterVerdict *verdict, gpointer data G_GNUC_UNUSED)
{
    if (step->kind == PST_FILTER_MAP && g_str_equal(element, "8080")) {
        verdict->kind = PST_FILTER_DROP;
        return PST_FILTER_YES;
    }
    return g_str_has_prefix(element, "192.0.2.") ? PST_FILTER_YES : PST_FILTER_NO;
}

static void
test_hardened(void)
{
    static const struct {
        guint16 port;
        const char *from, *expected;
    } rows[] = {
        {22, NULL, "accept at 11"},          {22, "192.0.2.7", "accept at 11"},
        {2222, "192.0.2.7", "accept at 12"}, {2222, "198.51.100.1", "drop by policy"},
        {2222, NULL, "depends by policy"},   {2223, NULL, "depends by policy"},
        {2224, NULL, "depends at 14"},       {2225, NULL, "unknown by policy"},
        {8080, NULL, "drop at 17"},          {80, NULL, "drop by policy"},
    };
    g_autoptr(PstFilterRules) rules = load_transcript("hardened");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstFilterQuestion question = to_port(rows[i].port);
        question.from = rows[i].from;
        g_autofree char *seen = ask(rules, question, in_documentation);
        g_test_message("port %u from %s", rows[i].port, rows[i].from);
        g_assert_cmpstr(seen, ==, rows[i].expected);
    }
}

/* What follows the first packet, in and out. */
static void
test_later(void)
{
    g_autoptr(PstFilterRules) rules = load_transcript("hardened");
    PstFilterQuestion question = to_port(22);
    PstFilterQuestion later = question, reply = question;

    later.later = TRUE;
    reply.reply = TRUE;
    assert_verdict(rules, later, "accept at 6");
    assert_verdict(rules, reply, "accept at 19");
    question.protocol = IPPROTO_UDP;
    assert_verdict(rules, question, "drop by policy");
}

static void
test_transcripts(void)
{
    g_autoptr(PstFilterRules) dropped = load_transcript("port-dropped");
    g_autoptr(PstFilterRules) by_policy = load_transcript("default-drop");
    g_autoptr(PstFilterRules) empty = load_transcript("empty");
    g_autoptr(PstFilterRules) expressions = load_transcript("expressions");

    assert_verdict(dropped, to_port(22), "drop at 2");
    assert_verdict(dropped, to_port(80), "accept by policy");
    assert_verdict(by_policy, to_port(22), "drop by policy");
    assert_verdict(by_policy, to_port(80), "accept at 4");
    assert_verdict(empty, to_port(22), "accept by policy");
    g_assert_cmpuint(expressions->tables->len, ==, 3);
}

/* nft's own words for the same rules stand beside them. */
static void
test_words(void)
{
    static const char *const names[] = {"hardened", "port-dropped", "default-drop", NULL};

    for (guint i = 0; names[i] != NULL; i++) {
        g_autoptr(PstFilterRules) rules = load_transcript(names[i]);
        g_autofree char *name = g_strconcat(names[i], ".txt", NULL);
        g_autofree char *text = read_transcript(name);
        const PstFilterTable *table = rules->tables->pdata[0];

        for (guint j = 0; j < table->chains->len; j++) {
            const GPtrArray *chain = ((PstFilterChain *)table->chains->pdata[j])->rules;
            for (guint k = 0; k < chain->len; k++) {
                const char *said = ((PstFilterRule *)chain->pdata[k])->text;
                /* The one that nft writes in another order. */
                if (strstr(said, "tcp flags") == NULL && strstr(said, "ct count") == NULL &&
                    strstr(said, "mark") == NULL && strstr(said, "vmap") == NULL &&
                    strstr(text, said) == NULL)
                    g_error("nft does not say: %s", said);
            }
        }
    }
}

#define DPORT(value)                                                                               \
    "{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"tcp\", \"field\": "     \
    "\"dport\"}}, \"right\": " value "}}, "
#define UNKNOWN_MATCH                                                                              \
    "{\"match\": {\"op\": \"==\", \"left\": {\"socket\": {\"key\": \"transparent\"}}, "            \
    "\"right\": 1}}, "
#define SADDR(op, value)                                                                           \
    "{\"match\": {\"op\": \"" op                                                                   \
    "\", \"left\": {\"payload\": {\"protocol\": \"ip\", \"field\": \"saddr\"}}, \"right\": " value \
    "}}, "
#define ACCEPT "{\"accept\": null}"
#define DROP "{\"drop\": null}"

/* Rules of one chain, its policy, and what becomes of port 22. */
static void
test_rules(void)
{
    static const struct {
        const char *policy, *rules[4], *expected;
    } rows[] = {
        {"drop", {DPORT("22") ACCEPT}, "accept at 10"},
        {"drop", {DPORT("23") ACCEPT}, "drop by policy"},
        {"drop", {DPORT("{\"set\": [22, 80]}") ACCEPT}, "accept at 10"},
        {"drop", {DPORT("{\"set\": [{\"range\": [20, 30]}]}") ACCEPT}, "accept at 10"},
        {"drop", {DPORT("\"@ports\"") ACCEPT}, "unknown by policy"},
        {"accept", {DPORT("{\"range\": [1, 21]}") DROP}, "accept by policy"},
        {"accept", {SADDR("==", "\"10.0.0.1\"") DROP}, "depends at 10"},
        {"accept",
         {SADDR("==", "{\"prefix\": {\"addr\": \"127.0.0.0\", \"len\": 8}}") DROP},
         "accept by policy"},
        {"accept",
         {SADDR("==", "{\"prefix\": {\"addr\": \"0.0.0.0\", \"len\": 0}}") DROP},
         "drop at 10"},
        {"accept",
         {"{\"match\": {\"op\": \"==\", \"left\": {\"meta\": {\"key\": \"iifname\"}}, "
          "\"right\": \"lo\"}}, " DROP},
         "accept by policy"},
        /* What is not modelled does not matter where both ways end alike. */
        {"accept", {UNKNOWN_MATCH ACCEPT}, "accept at 10"},
        {"accept", {UNKNOWN_MATCH DROP}, "unknown at 10"},
        {"drop", {UNKNOWN_MATCH ACCEPT}, "unknown by policy"},
        {"drop", {DPORT("80") UNKNOWN_MATCH ACCEPT, DPORT("22") ACCEPT}, "accept at 11"},
        {"drop", {UNKNOWN_MATCH ACCEPT, DPORT("22") ACCEPT}, "accept at 10"},
        {"accept", {"{\"nonsense\": {}}"}, "unknown at 10"},
        {"accept", {DPORT("80") "{\"nonsense\": {}}"}, "accept by policy"},
        {"accept", {"{\"queue\": {\"num\": 1}}"}, "unknown at 10"},
        {"drop",
         {"{\"notrack\": null}", "{\"match\": {\"op\": \"in\", \"left\": {\"ct\": {\"key\": "
                                 "\"state\"}}, \"right\": \"new\"}}, " ACCEPT},
         "drop by policy"},
        {"accept",
         {"{\"limit\": {\"rate\": 1, \"per\": \"second\"}}, " ACCEPT, DROP},
         "depends at 11"},
        {"accept", {"{\"jump\": {\"target\": \"nowhere\"}}"}, "unknown at 10"},
        {"accept", {"{\"jump\": {\"target\": \"input\"}}"}, "unknown at 10"},
        {"accept", {"{\"goto\": {\"target\": \"input\"}}"}, "unknown at 10"},
        {"accept", {"{\"return\": null}", DROP}, "accept by policy"},
        {"accept", {DPORT("22") "{\"reject\": {\"type\": \"tcp reset\"}}"}, "reject at 10"},
        {"accept", {"{\"xt\": null}, " DROP}, "unknown at 10"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
        g_autofree char *text = one_chain(rows[i].policy, "", rows[i].rules);
        g_test_message("row %u", i);
        add_nft(rules, text);
        assert_verdict(rules, to_port(22), rows[i].expected);
    }
}

/* Every jump of a circle, doubled: no kernel takes it, and it ends. */
static void
test_circle(void)
{
    static const char *const twice[] = {
        "{\"jump\": {\"target\": \"input\"}}", UNKNOWN_MATCH "{\"jump\": {\"target\": \"input\"}}",
        SADDR("==", "\"10.0.0.1\"") "{\"goto\": {\"target\": \"input\"}}",
        "{\"jump\": {\"target\": \"input\"}}", NULL};
    g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
    g_autofree char *text = one_chain("accept", "", twice);
    gint64 start = g_get_monotonic_time();

    add_nft(rules, text);
    g_autofree char *seen = ask(rules, to_port(22), NULL);
    g_assert_true(g_str_has_prefix(seen, "unknown"));
    g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
}

static void
test_iptables_nft(void)
{
    g_autofree char *json = read_transcript("iptables-nft.json");
    g_autoptr(PstFilterRules) alone = pst_filter_rules_new();
    g_autoptr(PstFilterRules) both = load_transcript("iptables-nft");
    PstFilterQuestion question = to_port(22);

    add_nft(alone, json);
    assert_verdict(alone, question, "unknown at 2"); /* CT, of the raw table */
    assert_verdict(both, question, "depends at 6");
    question.from = "1.2.3.4";
    assert_verdict(both, question, "reject at 6");
    question.from = "10.0.0.5";
    assert_verdict(both, question, "accept at 8");
    question.port = 443;
    assert_verdict(both, question, "drop by policy");
}

static void
test_ufw(void)
{
    g_autoptr(PstFilterRules) rules = load_transcript("ufw");
    g_autofree char *open = ask(rules, to_port(22), NULL);
    g_autofree char *limited = ask(rules, to_port(2222), NULL);

    g_assert_true(g_str_has_prefix(open, "accept at "));
    g_assert_true(g_str_has_prefix(limited, "depends at "));
    assert_verdict(rules, to_port(80), "drop by policy");
}

static void
test_legacy(void)
{
    g_autofree char *text = read_transcript("iptables-legacy.save");
    g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
    PstFilterQuestion question = to_port(22);

    add_save(rules, text, "iptables-legacy", "ip");
    question.from = "192.0.2.9";
    g_autofree char *inside = ask(rules, question, NULL);
    question.from = "198.51.100.9";
    g_autofree char *outside = ask(rules, question, NULL);
    g_assert_true(g_str_has_prefix(inside, "accept at"));
    g_assert_true(g_str_has_prefix(outside, "reject at"));
    question.six = TRUE;
    question.from = NULL;
    assert_verdict(rules, question, "accept by policy"); /* only IPv4 meets it */
}

/* Options of iptables' rules, one a row, before -j DROP. */
static void
test_iptables_options(void)
{
    static const struct {
        const char *options, *expected;
    } rows[] = {
        {"-p tcp -m tcp --dport 22", "drop"},
        {"-p tcp -m tcp ! --dport 22", "accept"},
        {"-p udp -m udp --dport 22", "accept"},
        {"! -p udp", "drop"},
        {"-p tcp -m multiport --dports 1:21,23", "accept"},
        {"-p tcp -m multiport --dports 80,20:", "drop"},
        {"-s 10.0.0.0/255.0.0.0", "depends"},
        {"-s 127.0.0.0/8", "accept"},
        {"-i eth+", "drop"},
        {"! -i eth0", "accept"},
        {"-m state --state NEW", "drop"},
        {"-m conntrack --ctstate ESTABLISHED,RELATED", "accept"},
        {"-m conntrack ! --ctstate NEW", "accept"},
        {"-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "drop"},
        {"-p tcp -m tcp --tcp-flags ALL NONE", "accept"},
        {"-m addrtype --dst-type LOCAL", "drop"},
        {"-m addrtype --dst-type BROADCAST,MULTICAST", "accept"},
        {"-m pkttype --pkt-type broadcast", "accept"},
        {"-m iprange --src-range 10.0.0.1-10.0.0.9", "depends"},
        {"-m set --match-set bad src", "depends"},
        {"-m set ! --match-set good src", "depends"},
        {"-m limit --limit 3/min --limit-burst 10", "depends"},
        {"-m comment --comment \"a b -j ACCEPT\"", "drop"},
        {"-m owner --uid-owner 0", "unknown"},
        {"-p tcp -m tcp --dport 80 -m owner --uid-owner 0", "accept"},
        {"-s nonsense", "unknown"},
        {"-p tcp --dport 70000", "unknown"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
        g_autofree char *text = g_strdup_printf(
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT %s -j DROP\nCOMMIT\n", rows[i].options);
        g_test_message("%s", rows[i].options);
        add_save(rules, text, "iptables-legacy", "ip");
        g_autofree char *seen = ask(rules, to_port(22), NULL);
        g_assert_true(g_str_has_prefix(seen, rows[i].expected));
    }
}

static void
test_targets(void)
{
    static const struct {
        const char *target, *expected;
    } rows[] = {{"-j LOG --log-prefix \"x \"", "drop"},
                {"-j ACCEPT", "accept"},
                {"-j RETURN", "drop"},
                {"-j REJECT --reject-with tcp-reset", "reject"},
                {"-j other", "accept"},
                {"-g other", "accept"},
                {"-j NFQUEUE --queue-num 1", "unknown"},
                {"-j CT --notrack", "drop"},
                {"-j nowhere", "unknown"},
                {"", "drop"},
                {"-j", "unknown"}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
        g_autofree char *text =
            g_strdup_printf("*filter\n:INPUT DROP [7:420]\n:other - [0:0]\n-A INPUT -p tcp %s\n"
                            "-A other -j ACCEPT\nCOMMIT\n",
                            rows[i].target);
        g_test_message("%s", rows[i].target);
        add_save(rules, text, "iptables-legacy", "ip");
        g_autofree char *seen = ask(rules, to_port(22), NULL);
        g_assert_true(g_str_has_prefix(seen, rows[i].expected));
    }
}

/* Texts that no tool prints are refused, and nothing crashes. */
static void
test_garbage(void)
{
    static const char *const json[] = {
        "",
        "{}",
        "nonsense",
        "{\"nftables\": ",
        "{\"nftables\": [",
        "{\"nftables\": [{\"rule\": 1",
        "{\"nftables\": [{\"rule\": {}}]}",
        "{\"nftables\": [{\"table\": {\"family\": 1, \"name\": \"x\"}}]}",
        "{\"nftables\": [{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"c\"}}]}",
        "{\"nftables\": [{\"table\": {\"a\": 1, \"a\": 2}}]}",
        "{\"nftables\": 7}",
        "{\"nftables\":[\"]",
    };
    static const char *const saves[] = {"nonsense",      "-A INPUT -j DROP",
                                        ":INPUT DROP",   "*filter\n-A INPUT -j DROP\n",
                                        "*filter\n:X\n", "*filter\n:INPUT DROP\n-A INPUT \"\n",
                                        "Commit\n"};

    for (guint i = 0; i < G_N_ELEMENTS(json); i++) {
        g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
        g_autoptr(GError) error = NULL;
        g_assert_false(pst_nft_json_read(json[i], strlen(json[i]), rules, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PARSE);
    }
    for (guint i = 0; i < G_N_ELEMENTS(saves); i++) {
        g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
        g_autoptr(GError) error = NULL;
        g_assert_false(
            pst_iptables_save_read(saves[i], strlen(saves[i]), "x", "ip", rules, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PARSE);
    }
}

/* A rule with a set of more than is taken at once, and 5,000 rules. */
static void
test_large(void)
{
    g_autoptr(GString) text = g_string_new("{\"nftables\": [{\"table\": {\"family\": \"inet\", "
                                           "\"name\": \"t\"}}, {\"set\": {\"family\": \"inet\", "
                                           "\"name\": \"s\", \"table\": \"t\", \"elem\": [");
    g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
    g_autoptr(PstFilterRules) many = pst_filter_rules_new();
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 200000; i++)
        g_string_append(text, i > 0 ? ", 12345" : "1");
    g_string_append(text, "]}}]}");
    g_assert_false(pst_nft_json_read(text->str, text->len, rules, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);

    for (guint i = 0; i < 5000; i++)
        g_ptr_array_add(parts, (gpointer)(DPORT("80") ACCEPT));
    g_ptr_array_add(parts, (gpointer)(DPORT("22") DROP));
    g_ptr_array_add(parts, NULL);
    g_autofree char *long_text = one_chain("accept", "", (const char *const *)parts->pdata);
    add_nft(many, long_text);
    assert_verdict(many, to_port(22), "drop at 5010");
}

static void
test_names(void)
{
    g_assert_true(pst_firewall_sets_is_name("filter"));
    g_assert_true(pst_firewall_sets_is_name("_f2b-table.x"));
    g_assert_false(pst_firewall_sets_is_name(""));
    g_assert_false(pst_firewall_sets_is_name("t; flush ruleset"));
    g_assert_false(pst_firewall_sets_is_name("7up"));
    g_assert_false(pst_firewall_sets_is_name("-a"));
}

static void
test_map_element(void)
{
    static const char found[] =
        "{\"nftables\": [{\"metainfo\": {\"version\": \"1.0.6\"}}, {\"map\": {\"family\": "
        "\"inet\", \"name\": \"vm\", \"elem\": [[22, {\"drop\": null}]]}}]}";
    PstFilterVerdict verdict = {PST_FILTER_CONTINUE, NULL};

    g_assert_true(pst_firewall_sets_read_map(found, strlen(found), &verdict));
    g_assert_cmpint(verdict.kind, ==, PST_FILTER_DROP);
    g_assert_false(pst_firewall_sets_read_map("{}", 2, &verdict));
    g_assert_false(pst_firewall_sets_read_map("x", 1, &verdict));

    /* What nft 1.0.6 on Debian 12 printed, -j or not. */
    static const char *const words[] = {
        "table inet filter {\n\tmap services {\n\t\ttype inet_service : verdict\n"
        "\t\telements = { 22 : accept }\n\t}\n}\n",
        "table inet filter {\n\tmap services {\n\t\ttype inet_service : verdict\n"
        "\t\telements = { 22 counter packets 0 bytes 0 : jump ssh }\n\t}\n}\n",
        "table inet filter {\n\tmap services {\n\t\ttype inet_service : verdict\n\t}\n}\n",
    };
    g_assert_true(pst_firewall_sets_read_map(words[0], strlen(words[0]), &verdict));
    g_assert_cmpint(verdict.kind, ==, PST_FILTER_ACCEPT);
    g_assert_true(pst_firewall_sets_read_map(words[1], strlen(words[1]), &verdict));
    g_assert_cmpint(verdict.kind, ==, PST_FILTER_JUMP);
    g_assert_cmpstr(verdict.target, ==, "ssh");
    g_clear_pointer(&verdict.target, g_free);
    g_assert_false(pst_firewall_sets_read_map(words[2], strlen(words[2]), &verdict));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filter/hardened", test_hardened);
    g_test_add_func("/filter/later", test_later);
    g_test_add_func("/filter/transcripts", test_transcripts);
    g_test_add_func("/filter/words", test_words);
    g_test_add_func("/filter/rules", test_rules);
    g_test_add_func("/filter/circle", test_circle);
    g_test_add_func("/filter/iptables-nft", test_iptables_nft);
    g_test_add_func("/filter/ufw", test_ufw);
    g_test_add_func("/filter/legacy", test_legacy);
    g_test_add_func("/filter/iptables-options", test_iptables_options);
    g_test_add_func("/filter/targets", test_targets);
    g_test_add_func("/filter/garbage", test_garbage);
    g_test_add_func("/filter/large", test_large);
    g_test_add_func("/filter/names", test_names);
    g_test_add_func("/filter/map-element", test_map_element);
    return g_test_run();
}
