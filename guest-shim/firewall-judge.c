// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-judge.h"

#include <string.h>

#include "guest-shim/firewall-undo.h"

#define MAX_CHAINS 200

typedef struct {
    PstFilterRules *rules;
    const PstFirewallScene *scene;
    const PstFirewallArgs *args;
    PstFilterLookup lookup;
    gpointer data;
    PstReport *report;
} Judge;

/* One IP version of one port. */
typedef struct {
    PstFilterQuestion question;
    PstFilterResult result;
    PstFilterResult later, replies;
    PstFirewallVerdict *verdict;
} Case;

static const struct {
    guint reason;
    const char *words;
} reasons[] = {
    {PST_FILTER_BY_SOURCE, "the source address"},
    {PST_FILTER_BY_DESTINATION, "the guest's address that is used"},
    {PST_FILTER_BY_INTERFACE, "the interface"},
    {PST_FILTER_BY_SOURCE_PORT, "the client's port"},
    {PST_FILTER_BY_RATE, "how many connections there were"},
    {PST_FILTER_BY_STATE, "the connection's state"},
    {PST_FILTER_BY_SET, "a named set"},
    {PST_FILTER_BY_OPAQUE, "something that is not modelled"},
};

static char **
reason_words(guint mask)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
        if ((mask & reasons[i].reason) != 0)
            g_strv_builder_add(builder, reasons[i].words);
    return g_strv_builder_end(builder);
}

void
pst_firewall_judge_chains(const PstFilterRules *rules, PstFirewallData *data)
{
    for (guint i = 0; i < rules->tables->len; i++) {
        const PstFilterTable *table = rules->tables->pdata[i];

        for (guint j = 0; j < table->chains->len; j++) {
            const PstFilterChain *chain = table->chains->pdata[j];

            if (chain->hook == PST_FILTER_HOOK_NONE || chain->hook == PST_FILTER_HOOK_OTHER ||
                (data->chains != NULL && data->chains->len >= MAX_CHAINS) ||
                (!pst_filter_walk_concerns(table, FALSE) && !pst_filter_walk_concerns(table, TRUE)))
                continue;
            PstFirewallChain *shown =
                pst_fields_append(&pst_report_firewall_chain_fields, &data->chains);
            shown->source = g_strdup(table->source);
            shown->family = g_strdup(table->family);
            shown->table = g_strdup(table->name);
            shown->chain = g_strdup(chain->name);
            shown->hook = g_strdup(chain->hook_name);
            shown->type = g_strdup(chain->type);
            shown->priority = chain->priority;
            shown->policy = g_strdup(chain->policy_drops ? "drop" : "accept");
            shown->rules = chain->rules->len;
        }
    }
}

static void
fill_place(PstFirewallVerdict *verdict, const PstFilterPlace *place)
{
    if (place->chain == NULL)
        return;
    verdict->source = g_strdup(place->table->source);
    verdict->table = g_strdup_printf("%s %s", place->table->family, place->table->name);
    verdict->chain = g_strdup(place->chain->name);
    verdict->packets = place->rule != NULL ? place->rule->packets : place->chain->packets;
    verdict->bytes = place->rule != NULL ? place->rule->bytes : place->chain->bytes;
    if (place->rule == NULL)
        return;
    verdict->handle = place->rule->handle;
    verdict->rule = g_strdup(place->rule->text);
}

static gboolean
is_denied(const PstFilterResult *result)
{
    return result->decision == PST_FILTER_IS_DROPPED || result->decision == PST_FILTER_IS_REJECTED;
}

static void
fill_verdict(Case *one, PstFirewallData *data)
{
    PstFirewallVerdict *verdict =
        pst_fields_append(&pst_report_firewall_verdict_fields, &data->verdicts);

    one->verdict = verdict;
    verdict->port = one->question.port;
    verdict->protocol = g_strdup(one->question.protocol == IPPROTO_UDP ? "udp" : "tcp");
    verdict->family = g_strdup(one->question.six ? "ipv6" : "ipv4");
    verdict->from = g_strdup(one->question.from);
    verdict->verdict = g_strdup(pst_filter_walk_decision_names[one->result.decision]);
    verdict->unmodelled = g_strdup(one->result.unmodelled);
    if (one->result.decision == PST_FILTER_DEPENDS)
        verdict->depends_on = reason_words(one->result.reasons);
    verdict->later = g_strdup(pst_filter_walk_decision_names[one->later.decision]);
    if (one->replies.decision != PST_FILTER_UNKNOWN)
        verdict->replies = PST_TRI(!is_denied(&one->replies));
    fill_place(verdict, &one->result.place);
}

static Case
decide(const Judge *judge, guint16 port, gboolean six)
{
    const PstFirewallScene *scene = judge->scene;
    Case one = {
        .question = {
            .six = six,
            .protocol = g_strcmp0(judge->args->protocol, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP,
            .port = port,
            .from = judge->args->from,
            .own = (const char *const *)(six ? scene->own6 : scene->own4),
            .links = (const char *const *)scene->links,
        }};
    PstFilterQuestion later = one.question, reply = one.question;

    later.later = TRUE;
    reply.reply = TRUE;
    pst_filter_walk(judge->rules, &one.question, judge->lookup, judge->data, NULL, &one.result);
    pst_filter_walk(judge->rules, &later, judge->lookup, judge->data, NULL, &one.later);
    pst_filter_walk(judge->rules, &reply, judge->lookup, judge->data, NULL, &one.replies);
    fill_verdict(&one, judge->report->data);
    return one;
}

static char *
place_words(const PstFilterPlace *place)
{
    if (place->chain == NULL)
        return g_strdup("the rules");
    return g_strdup_printf("chain %s of table %s %s", place->chain->name, place->table->family,
                           place->table->name);
}

static char *
whom(const Case *one)
{
    return one->question.from != NULL ? g_strdup_printf(" from %s", one->question.from)
                                      : g_strdup("");
}

static void
fill_evidence(PstFinding *finding, const PstFilterPlace *place)
{
    if (place->chain == NULL)
        return;
    g_autofree char *where = place_words(place);
    gint64 packets = place->rule != NULL ? place->rule->packets : place->chain->packets;
    const char *rule = place->rule != NULL ? place->rule->text : NULL;

    finding->evidence->source = g_strdup(place->table->source);
    finding->evidence->text =
        rule != NULL ? g_strdup(rule)
                     : g_strdup_printf("policy %s", place->chain->policy_drops ? "drop" : "accept");
    if (packets > 0)
        finding->evidence->error = g_strdup_printf("%" G_GINT64_FORMAT " packets met it", packets);
    finding->evidence->command =
        g_str_equal(place->table->source, "nftables")
            ? g_strdup_printf("nft -a list chain %s %s %s", place->table->family,
                              place->table->name, place->chain->name)
            : g_strdup_printf("%s -t %s -S %s",
                              g_str_equal(place->table->family, "ip6") ? "ip6tables-legacy"
                                                                       : "iptables-legacy",
                              place->table->name, place->chain->name);
}

/* A rule about this port or source, or what becomes of all that is left. */
static const char *
denial_id(const PstFilterResult *result)
{
    if (result->place.rule == NULL || !pst_firewall_undo_is_specific(result->place.rule))
        return "firewall.default-drop";
    return result->decision == PST_FILTER_IS_REJECTED ? "firewall.port-rejected"
                                                      : "firewall.port-dropped";
}

static PstFinding *
add_denial(const Judge *judge, const Case *one, const char *versions, PstSeverity severity)
{
    const PstFilterResult *result = &one->result;
    g_autofree char *where = place_words(&result->place);
    g_autofree char *from = whom(one);
    const char *verb = result->decision == PST_FILTER_IS_REJECTED ? "rejected" : "dropped";
    const char *id = denial_id(result);
    gboolean rest = g_str_equal(id, "firewall.default-drop");
    PstFinding *finding = pst_report_add(
        judge->report, id, severity, "%s port %u%s is %s%s: by %s%s", one->verdict->protocol,
        one->question.port, from, verb, versions, where,
        !rest                        ? ""
        : result->place.rule == NULL ? ", whose policy is to drop what no rule accepts"
                                     : ", in a rule for all that is left");
    const PstFirewallTrial trial = {judge->rules, &one->question, judge->lookup, judge->data};

    fill_evidence(finding, &result->place);
    pst_firewall_undo(&trial, &result->place, finding);
    return finding;
}

/* The packets that follow the first one, in and out. */
static void
add_later_denial(const Judge *judge, const Case *one, gboolean reply, PstSeverity severity)
{
    const PstFilterResult *result = reply ? &one->replies : &one->later;
    g_autofree char *where = place_words(&result->place);
    PstFilterQuestion question = one->question;
    PstFinding *finding = pst_report_add(
        judge->report, reply ? "firewall.replies-dropped" : "firewall.established-dropped",
        severity, "%s %s port %u is dropped: by %s",
        reply ? "what the guest answers from" : "what follows a connection's first packet to",
        one->verdict->protocol, one->question.port, where);

    question.reply = reply;
    question.later = !reply;
    const PstFirewallTrial trial = {judge->rules, &question, judge->lookup, judge->data};
    fill_evidence(finding, &result->place);
    pst_firewall_undo(&trial, &result->place, finding);
}

static void
add_doubt(const Judge *judge, const Case *one, const PstFilterResult *result)
{
    g_autofree char *where = place_words(&result->place);
    PstFinding *finding =
        pst_report_add(judge->report, "firewall.not-modelled", PST_SEVERITY_UNKNOWN,
                       "whether %s port %u is open can't be said: %s of %s is not understood",
                       one->verdict->protocol, one->question.port,
                       result->unmodelled != NULL ? result->unmodelled : "something", where);

    fill_evidence(finding, &result->place);
}

static void
add_dependence(const Judge *judge, const Case *one)
{
    g_autofree char *on = g_strjoinv(" and ", one->verdict->depends_on);
    g_autofree char *where = place_words(&one->result.place);
    PstFinding *finding = pst_report_add(
        judge->report, "firewall.depends", PST_SEVERITY_INFORMATION,
        "whether %s port %u is open over %s depends on %s: %s", one->verdict->protocol,
        one->question.port, one->question.six ? "IPv6" : "IPv4", on, where);

    fill_evidence(finding, &one->result.place);
    finding->remedy = g_strdup("say from= and interface= for a verdict");
}

static void
add_first(const Judge *judge, const Case *one, const char *versions, PstSeverity severity)
{
    if (is_denied(&one->result))
        add_denial(judge, one, versions, severity);
    else if (one->result.decision == PST_FILTER_UNKNOWN)
        add_doubt(judge, one, &one->result);
    else if (one->result.decision == PST_FILTER_DEPENDS)
        add_dependence(judge, one);
}

/* Of a connection that is not let in the rest does not matter. */
static void
add_later(const Judge *judge, const Case *one, PstSeverity severity)
{
    if (is_denied(&one->replies))
        add_later_denial(judge, one, TRUE, severity);
    else if (is_denied(&one->result))
        return;
    else if (is_denied(&one->later))
        add_later_denial(judge, one, FALSE, severity);
    else if (one->result.decision == PST_FILTER_IS_ACCEPTED &&
             one->replies.decision == PST_FILTER_UNKNOWN)
        add_doubt(judge, one, &one->replies);
    else if (one->result.decision == PST_FILTER_IS_ACCEPTED &&
             one->later.decision == PST_FILTER_UNKNOWN)
        add_doubt(judge, one, &one->later);
}

/* Shut over both IP versions is one finding; over one of them, it is told, and matters where it is
 * the one that everybody uses. */
static void
add_findings(const Judge *judge, const Case *cases, guint n)
{
    guint shut = 0, deaf = 0;

    for (guint i = 0; i < n; i++) {
        shut += is_denied(&cases[i].result);
        deaf += is_denied(&cases[i].replies) || is_denied(&cases[i].later);
    }
    for (guint i = 0; i < n; i++) {
        gboolean six = cases[i].question.six;
        PstSeverity severity = six ? PST_SEVERITY_INFORMATION : PST_SEVERITY_WARNING;

        if (shut < n || i == 0)
            add_first(judge, &cases[i],
                      n > 1 && shut == n ? ""
                      : six              ? " over IPv6"
                                         : " over IPv4",
                      shut == n ? PST_SEVERITY_CRITICAL : severity);
        if (deaf < n || i == 0)
            add_later(judge, &cases[i], deaf == n ? PST_SEVERITY_CRITICAL : severity);
    }
}

static void
judge_port(const Judge *judge, const PstFirewallPort *port)
{
    const char *from = judge->args->from;
    Case cases[2];
    guint n = 0;

    if (port->four && pst_firewall_scene_concerns(judge->scene, from, FALSE))
        cases[n++] = decide(judge, port->port, FALSE);
    if (port->six && pst_firewall_scene_concerns(judge->scene, from, TRUE))
        cases[n++] = decide(judge, port->port, TRUE);
    add_findings(judge, cases, n);
    for (guint i = 0; i < n; i++) {
        pst_filter_walk_clear(&cases[i].result);
        pst_filter_walk_clear(&cases[i].later);
        pst_filter_walk_clear(&cases[i].replies);
    }
}

void
pst_firewall_judge(PstFilterRules *rules, const PstFirewallScene *scene,
                   const PstFirewallArgs *args, PstFilterLookup lookup, gpointer data,
                   PstReport *report)
{
    const Judge judge = {rules, scene, args, lookup, data, report};

    for (guint i = 0; i < scene->ports->len; i++)
        judge_port(&judge, &g_array_index(scene->ports, PstFirewallPort, i));
}
