// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/iptables-rule.h"

#include <string.h>

#define PORTS 65535
#define ALL_FLAGS 0x3f

/* Where the reader is in a rule's words. */
typedef struct {
    PstFilterRule *rule;
    const char *const *words;
    guint at;
    guint n;
    gboolean six;
    gboolean negated; /* the next option, by "!" */
} Reader;

typedef struct {
    const char *name;
    guint64 value;
} Name;

static const Name protocols[] = {{"icmp", 1},    {"igmp", 2},       {"tcp", 6},    {"udp", 17},
                                 {"dccp", 33},   {"gre", 47},       {"esp", 50},   {"ah", 51},
                                 {"icmpv6", 58}, {"ipv6-icmp", 58}, {"sctp", 132}, {"udplite", 136},
                                 {"vrrp", 112},  {NULL, 0}};
static const Name states[] = {{"INVALID", PST_FILTER_CT_INVALID},
                              {"ESTABLISHED", PST_FILTER_CT_ESTABLISHED},
                              {"RELATED", PST_FILTER_CT_RELATED},
                              {"NEW", PST_FILTER_CT_NEW},
                              {"UNTRACKED", PST_FILTER_CT_UNTRACKED},
                              {"SNAT", 0},
                              {"DNAT", 0},
                              {NULL, 0}};
static const Name flags[] = {{"FIN", 1},  {"SYN", 2},  {"RST", 4},         {"PSH", 8}, {"ACK", 16},
                             {"URG", 32}, {"NONE", 0}, {"ALL", ALL_FLAGS}, {NULL, 0}};
static const Name route_types[] = {{"UNICAST", 1},     {"LOCAL", 2},     {"BROADCAST", 3},
                                   {"ANYCAST", 4},     {"MULTICAST", 5}, {"BLACKHOLE", 6},
                                   {"UNREACHABLE", 7}, {"PROHIBIT", 8},  {NULL, 0}};
static const Name packet_types[] = {{"unicast", 0}, {"broadcast", 1}, {"multicast", 2}, {NULL, 0}};

static gboolean
look_up(const Name *names, const char *text, guint64 *value)
{
    for (; names->name != NULL; names++)
        if (g_ascii_strcasecmp(names->name, text) == 0) {
            *value = names->value;
            return TRUE;
        }
    return FALSE;
}

/* The OR of names with commas between them. */
static gboolean
read_bits(const Name *names, const char *text, guint64 *bits)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    *bits = 0;
    for (guint i = 0; parts[i] != NULL; i++) {
        guint64 one = 0;

        if (!look_up(names, parts[i], &one))
            return FALSE;
        *bits |= one;
    }
    return TRUE;
}

static PstFilterStep *
add_match(Reader *reader, PstFilterKey key)
{
    PstFilterStep *step = pst_filter_rules_add_step(reader->rule, PST_FILTER_MATCH);

    step->keys[0] = key;
    step->n_keys = 1;
    step->negated = reader->negated;
    return step;
}

static PstFilterRange *
add_range(PstFilterStep *step)
{
    return &pst_filter_rules_add_element(step)->ranges[0];
}

/* Each reads an option's value; FALSE for one that is not understood. */
typedef gboolean (*Read)(Reader *reader, const char *value);

static gboolean
read_address(Reader *reader, const char *value, PstFilterKey four, PstFilterKey six)
{
    PstFilterStep *step = add_match(reader, reader->six ? six : four);

    return pst_filter_rules_set_network(add_range(step), value, reader->six);
}

static gboolean
read_source(Reader *reader, const char *value)
{
    return read_address(reader, value, PST_FILTER_SADDR4, PST_FILTER_SADDR6);
}

static gboolean
read_destination(Reader *reader, const char *value)
{
    return read_address(reader, value, PST_FILTER_DADDR4, PST_FILTER_DADDR6);
}

static gboolean
read_address_range(Reader *reader, const char *value, PstFilterKey four, PstFilterKey six)
{
    PstFilterStep *step = add_match(reader, reader->six ? six : four);
    g_auto(GStrv) ends = g_strsplit(value, "-", 2);

    return g_strv_length(ends) == 2 &&
           pst_filter_rules_set_addresses(add_range(step), ends[0], ends[1], reader->six);
}

static gboolean
read_source_range(Reader *reader, const char *value)
{
    return read_address_range(reader, value, PST_FILTER_SADDR4, PST_FILTER_SADDR6);
}

static gboolean
read_destination_range(Reader *reader, const char *value)
{
    return read_address_range(reader, value, PST_FILTER_DADDR4, PST_FILTER_DADDR6);
}

/* "eth+" is what nft writes as "eth*". */
static gboolean
read_link(Reader *reader, const char *value, PstFilterKey key)
{
    PstFilterRange *range = add_range(add_match(reader, key));

    range->name = g_strdup(value);
    if (g_str_has_suffix(value, "+"))
        range->name[strlen(value) - 1] = '*';
    return *value != '\0';
}

static gboolean
read_in(Reader *reader, const char *value)
{
    return read_link(reader, value, PST_FILTER_IIF);
}

static gboolean
read_out(Reader *reader, const char *value)
{
    return read_link(reader, value, PST_FILTER_OIF);
}

static gboolean
read_protocol(Reader *reader, const char *value)
{
    guint64 number = 0;

    if (g_str_equal(value, "all"))
        return !reader->negated;
    if (!look_up(protocols, value, &number) &&
        !g_ascii_string_to_unsigned(value, 10, 0, 255, &number, NULL))
        return FALSE;
    pst_filter_rules_set_numbers(add_range(add_match(reader, PST_FILTER_L4PROTO)), number, number);
    return TRUE;
}

/* 22, 80:90 or 1024:, and lists of them with commas. */
static gboolean
read_ports(Reader *reader, const char *value, PstFilterKey key)
{
    PstFilterStep *step = add_match(reader, key);
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        g_auto(GStrv) ends = g_strsplit(parts[i], ":", 2);
        guint64 low = 0, high = PORTS;

        if (ends[0] == NULL || (ends[1] == NULL && *ends[0] == '\0') ||
            (*ends[0] != '\0' && !g_ascii_string_to_unsigned(ends[0], 10, 0, PORTS, &low, NULL)))
            return FALSE;
        if (ends[1] == NULL)
            high = low;
        else if (*ends[1] != '\0' &&
                 !g_ascii_string_to_unsigned(ends[1], 10, 0, PORTS, &high, NULL))
            return FALSE;
        pst_filter_rules_set_numbers(add_range(step), low, high);
    }
    return parts[0] != NULL;
}

static gboolean
read_sport(Reader *reader, const char *value)
{
    return read_ports(reader, value, PST_FILTER_SPORT);
}

static gboolean
read_dport(Reader *reader, const char *value)
{
    return read_ports(reader, value, PST_FILTER_DPORT);
}

static gboolean
read_state(Reader *reader, const char *value)
{
    PstFilterStep *step = add_match(reader, PST_FILTER_CT_STATE);

    step->any_bit = TRUE;
    return read_bits(states, value, &step->mask);
}

static gboolean
read_type(Reader *reader, const char *value)
{
    PstFilterStep *step = add_match(reader, PST_FILTER_DTYPE);
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        guint64 type = 0;

        if (!look_up(route_types, parts[i], &type))
            return FALSE;
        pst_filter_rules_set_numbers(add_range(step), type, type);
    }
    return parts[0] != NULL;
}

static gboolean
read_packet_type(Reader *reader, const char *value)
{
    guint64 type = 0;

    if (!look_up(packet_types, value, &type))
        return FALSE;
    pst_filter_rules_set_numbers(add_range(add_match(reader, PST_FILTER_PKTTYPE)), type, type);
    return TRUE;
}

/* Two values: the flags that are looked at, and those of them that have to be set. */
static gboolean
read_flags(Reader *reader, const char *value)
{
    PstFilterStep *step = add_match(reader, PST_FILTER_TCP_FLAGS);
    guint64 set = 0;

    if (reader->at >= reader->n || !read_bits(flags, value, &step->mask) ||
        !read_bits(flags, reader->words[reader->at++], &set))
        return FALSE;
    pst_filter_rules_set_numbers(add_range(step), set, set);
    return step->mask != 0;
}

static gboolean
read_syn(Reader *reader, const char *value G_GNUC_UNUSED)
{
    PstFilterStep *step = add_match(reader, PST_FILTER_TCP_FLAGS);

    step->mask = 0x17; /* FIN, SYN, RST, ACK */
    pst_filter_rules_set_numbers(add_range(step), 2, 2);
    return TRUE;
}

static gboolean
read_rate(Reader *reader, const char *value G_GNUC_UNUSED)
{
    pst_filter_rules_add_step(reader->rule, PST_FILTER_RATE)->what = g_strdup("a limit");
    return TRUE;
}

/* An ipset: its name, and which side of the packet is looked for in it. */
static gboolean
read_set(Reader *reader, const char *value)
{
    const char *side = reader->at < reader->n ? reader->words[reader->at++] : "";
    gboolean source = g_str_equal(side, "src");

    if (!source && !g_str_equal(side, "dst"))
        return FALSE;
    PstFilterKey four = source ? PST_FILTER_SADDR4 : PST_FILTER_DADDR4;
    PstFilterKey six = source ? PST_FILTER_SADDR6 : PST_FILTER_DADDR6;
    add_match(reader, reader->six ? six : four)->set = g_strdup(value);
    return TRUE;
}

static gboolean
pass(Reader *reader G_GNUC_UNUSED, const char *value G_GNUC_UNUSED)
{
    return TRUE;
}

/* What goes with each option: how many values it has, and what it means. Those that only tell more
 * about a limit or a log pass. */
static const struct {
    const char *name;
    guint n_values;
    Read read;
} options[] = {
    {"-s", 1, read_source},
    {"-d", 1, read_destination},
    {"-i", 1, read_in},
    {"-o", 1, read_out},
    {"-p", 1, read_protocol},
    {"--sport", 1, read_sport},
    {"--dport", 1, read_dport},
    {"--sports", 1, read_sport},
    {"--dports", 1, read_dport},
    {"--src-range", 1, read_source_range},
    {"--dst-range", 1, read_destination_range},
    {"--state", 1, read_state},
    {"--ctstate", 1, read_state},
    {"--dst-type", 1, read_type},
    {"--pkt-type", 1, read_packet_type},
    {"--tcp-flags", 1, read_flags},
    {"--syn", 0, read_syn},
    {"--match-set", 1, read_set},
    {"--comment", 1, pass},
    {"--limit", 1, read_rate},
    {"--limit-burst", 1, pass},
    {"--hashlimit-upto", 1, read_rate},
    {"--hashlimit-above", 1, read_rate},
    {"--hashlimit-burst", 1, pass},
    {"--hashlimit-mode", 1, pass},
    {"--hashlimit-name", 1, pass},
    {"--hashlimit-htable-size", 1, pass},
    {"--hashlimit-htable-max", 1, pass},
    {"--hashlimit-htable-expire", 1, pass},
    {"--hashlimit-htable-gcinterval", 1, pass},
    {"--hashlimit-srcmask", 1, pass},
    {"--hashlimit-dstmask", 1, pass},
    {"--connlimit-upto", 1, read_rate},
    {"--connlimit-above", 1, read_rate},
    {"--connlimit-mask", 1, pass},
    {"--connlimit-saddr", 0, pass},
    {"--connlimit-daddr", 0, pass},
    {"--set", 0, pass}, /* of -m recent: notes the source */
    {"--update", 0, read_rate},
    {"--rcheck", 0, read_rate},
    {"--seconds", 1, pass},
    {"--hitcount", 1, pass},
    {"--name", 1, pass},
    {"--rsource", 0, pass},
    {"--rdest", 0, pass},
    {"--mask", 1, pass},
};

/* Targets that let the packet go on to the next rule. */
static const char *const passing[] = {
    "LOG",      "NFLOG",   "ULOG",     "MARK",       "CONNMARK", "TCPMSS", "TTL", "HL",
    "DSCP",     "TOS",     "CLASSIFY", "SECMARK",    "AUDIT",    "TRACE",  "SET", "CONNSECMARK",
    "CHECKSUM", "RATEEST", "SNAT",     "MASQUERADE", "NETMAP",   "TEE",    NULL};

static gboolean
is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* An option that is not known, with whatever belongs to it. */
static void
read_unknown(Reader *reader, const char *option)
{
    g_autoptr(GString) what = g_string_new(option);

    while (reader->at < reader->n && !is_option(reader->words[reader->at]) &&
           !g_str_equal(reader->words[reader->at], "!"))
        g_string_append_printf(what, " %s", reader->words[reader->at++]);
    pst_filter_rules_add_opaque(reader->rule, what->str);
}

static void
read_option(Reader *reader, const char *option)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *value = NULL;

        if (!g_str_equal(options[i].name, option))
            continue;
        if (reader->at + options[i].n_values > reader->n)
            break;
        if (options[i].n_values > 0)
            value = reader->words[reader->at++];
        guint before = reader->rule->steps->len;
        if (!options[i].read(reader, value)) {
            g_ptr_array_set_size(reader->rule->steps, (int)before);
            pst_filter_rules_add_opaque(reader->rule, option);
        }
        return;
    }
    read_unknown(reader, option);
}

static gboolean
has_word(const Reader *reader, const char *word)
{
    for (guint i = reader->at; i < reader->n; i++)
        if (g_str_equal(reader->words[i], word))
            return TRUE;
    return FALSE;
}

static void
add_verdict(Reader *reader, PstFilterVerdictKind kind, const char *target)
{
    PstFilterStep *step = pst_filter_rules_add_step(reader->rule, PST_FILTER_VERDICT);

    step->verdict.kind = kind;
    step->verdict.target = g_strdup(target);
}

/* The last part of a rule; what follows are the target's own options. Targets have capitals, and so
 * may chains: which it is the walk finds out, since no chain can be called as a target is. */
static void
read_target(Reader *reader, gboolean is_goto)
{
    static const struct {
        const char *name;
        PstFilterVerdictKind kind;
    } verdicts[] = {{"ACCEPT", PST_FILTER_ACCEPT},
                    {"DROP", PST_FILTER_DROP},
                    {"REJECT", PST_FILTER_REJECT},
                    {"RETURN", PST_FILTER_RETURN}};
    static const char *const leaving[] = {"DNAT",    "REDIRECT", "TPROXY", "QUEUE",
                                          "NFQUEUE", "SYNPROXY", "TARPIT", NULL};
    const char *name = reader->at < reader->n ? reader->words[reader->at] : "";

    for (guint i = 0; !is_goto && i < G_N_ELEMENTS(verdicts); i++)
        if (g_str_equal(verdicts[i].name, name)) {
            add_verdict(reader, verdicts[i].kind, NULL);
            return;
        }
    if (!is_goto && g_strv_contains(passing, name))
        return;
    if (g_str_equal(name, "NOTRACK") || g_str_equal(name, "CT")) {
        if (g_str_equal(name, "NOTRACK") || has_word(reader, "--notrack"))
            pst_filter_rules_add_step(reader->rule, PST_FILTER_NOTRACK);
    } else if (g_strv_contains(leaving, name)) {
        add_verdict(reader, PST_FILTER_ELSEWHERE, name);
    } else {
        add_verdict(reader, is_goto ? PST_FILTER_GOTO : PST_FILTER_JUMP, name);
    }
}

void
pst_iptables_rule_read(PstFilterRule *rule, const char *const *words, gboolean six)
{
    Reader reader = {.rule = rule, .words = words, .six = six};

    reader.n = g_strv_length((char **)words);
    while (reader.at < reader.n) {
        const char *word = words[reader.at++];

        if (g_str_equal(word, "!")) {
            reader.negated = TRUE;
            continue;
        }
        if (g_str_equal(word, "-j") || g_str_equal(word, "-g")) {
            read_target(&reader, g_str_equal(word, "-g"));
            return;
        }
        if (g_str_equal(word, "-m"))
            reader.at = MIN(reader.at + 1, reader.n);
        else
            read_option(&reader, word);
        reader.negated = FALSE;
    }
}
