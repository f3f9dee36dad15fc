// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/firewall-verdict.h"
#include "host-sidecar/gate-judges.h"
#include "host-sidecar/gate-listening.h"
#include "host-sidecar/gate-port-filters.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/report-firewall.h"
#include "protocol/report-network.h"

/* From here on the kernel hands ports out to whoever asks for any, where nobody has told it
 * otherwise (ip_local_port_range). */
#define FIRST_OF_CHANCE 32768
/* Each is a question of its own, and a call has no more than PST_LIMIT_API_QUESTIONS; one of them
 * is about the units that no longer run. */
#define MAX_FORMER (PST_LIMIT_API_QUESTIONS - 1)

typedef enum {
    NOBODY_LISTENS,
    LISTENS_INSIDE, /* on the loopback alone */
    LISTENS,
} Listening;

enum {
    IPV4 = 1,
    IPV6 = 2,
};

/* The versions of IP over which somebody from outside can come to it, or perhaps can. */
static guint
versions(const PstNetworkData *data, gint64 port, const char *protocol)
{
    return (pst_gate_listening_over(data, port, protocol, FALSE) != PST_TRI_NO ? IPV4 : 0) |
           (pst_gate_listening_over(data, port, protocol, TRUE) != PST_TRI_NO ? IPV6 : 0);
}

static Listening
listening(const PstNetworkData *data, gint64 port, const char *protocol)
{
    Listening best = NOBODY_LISTENS;

    for (guint i = 0; data->listening != NULL && i < data->listening->len; i++) {
        const PstNetworkListening *row = data->listening->pdata[i];

        if (row->port == port && g_strcmp0(row->protocol, protocol) == 0)
            best =
                MAX(best, pst_gate_listening_is_loopback(row->address) ? LISTENS_INSIDE : LISTENS);
    }
    return best;
}

/* Whether the list of who listens is whole. The agent alone does not tell it. */
static gboolean
tells_all(const PstAnswer *answer)
{
    return answer->via != PST_VIA_AGENT_BUILTIN && !answer->report->truncated &&
           pst_gate_facts_unlooked(answer) == NULL;
}

static const PstAnswer *
filter_of(const PstGateFacts *facts, gint64 wanted, const char *wanted_protocol)
{
    for (guint i = 0; i < facts->ports->len; i++) {
        const PstAnswer *answer = facts->ports->pdata[i];
        const char *protocol = NULL;
        gint64 port = 0;

        if (pst_json_get_int(answer->args, "port", PST_JSON_REQUIRED, &port, NULL) &&
            pst_json_get_string(answer->args, "protocol", PST_JSON_REQUIRED, &protocol, NULL) &&
            port == wanted && g_str_equal(protocol, wanted_protocol))
            return answer;
    }
    return NULL;
}

/* How many verdicts on a port there are of each kind, over these versions of IP; FALSE for none. A
 * guest that has no address of one of them tells none of it. */
static gboolean
count_verdicts(const PstFirewallData *data, gint64 port, guint of, guint n[PST_TRI_YES + 1])
{
    for (guint i = 0; data->verdicts != NULL && i < data->verdicts->len; i++) {
        const PstFirewallVerdict *verdict = data->verdicts->pdata[i];
        guint version = verdict->family == NULL                ? IPV4 | IPV6
                        : g_str_equal(verdict->family, "ipv6") ? IPV6
                                                               : IPV4;

        if (verdict->port == port && (version & of) != 0)
            n[pst_firewall_verdict_passes(verdict)]++;
    }
    return n[PST_TRI_YES] + n[PST_TRI_NO] + n[PST_TRI_UNKNOWN] > 0;
}

/* Whether packet filters let a connection in over one of these versions of IP. */
static PstTri
lets_in(const PstFirewallData *data, gint64 port, guint of)
{
    guint n[PST_TRI_YES + 1] = {0};

    (void)count_verdicts(data, port, of, n);
    if (n[PST_TRI_YES] > 0)
        return PST_TRI_YES;
    return n[PST_TRI_NO] > 0 && n[PST_TRI_UNKNOWN] == 0 ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

/* Whether they do over each of them. Of what listens on a link's own address alone, as clients of
 * DHCPv6 do, the others tell. */
static PstTri
lets_all_in(const PstFirewallData *data, gint64 port, guint of)
{
    guint n[PST_TRI_YES + 1] = {0};

    if (!count_verdicts(data, port, of, n))
        (void)count_verdicts(data, port, IPV4 | IPV6, n);
    if (n[PST_TRI_NO] > 0)
        return PST_TRI_NO;
    return n[PST_TRI_YES] > 0 && n[PST_TRI_UNKNOWN] == 0 ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

static gboolean
tells_of(const PstFirewallData *data, gint64 port, guint of)
{
    guint n[PST_TRI_YES + 1] = {0};

    return count_verdicts(data, port, of, n);
}

/* NAMED: somebody said over which version of IP. */
static void
judge_filter(const PstGateFacts *facts, const PstPolicyRule *rule, guint of, gboolean named,
             GPtrArray *outcomes)
{
    const char *probe = pst_report_firewall_kind.name;
    const PstAnswer *answer =
        filter_of(facts, rule->number, g_str_has_suffix(rule->subject, "/udp") ? "udp" : "tcp");
    PstGateOutcome *outcome = NULL;

    if (!pst_gate_facts_is_of_now(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    switch (lets_in(answer->report->data, rule->number, of)) {
    case PST_TRI_YES:
        if (!named && of == IPV6 && tells_of(answer->report->data, rule->number, IPV4))
            outcome = pst_gate_outcome_add(
                outcomes, rule, PST_GATE_UNCHECKED,
                g_strdup_printf("%s is open over IPv6 alone: whoever comes over it names an "
                                "address with from",
                                rule->subject));
        else
            outcome = pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                                           g_strdup_printf("%s is open", rule->subject));
        break;
    case PST_TRI_NO:
        outcome = pst_gate_outcome_add(
            outcomes, rule, PST_GATE_BROKEN,
            g_strdup_printf("packet filters shut %s: %s", rule->subject, answer->report->summary));
        if (answer->report->findings->len > 0)
            pst_gate_outcome_blame(facts, outcome, answer->report->findings->pdata[0]);
        break;
    case PST_TRI_UNKNOWN:
        outcome = pst_gate_outcome_add(
            outcomes, rule, PST_GATE_UNCHECKED,
            g_strdup_printf("what packet filters do with %s is not known: %s", rule->subject,
                            tells_of(answer->report->data, rule->number, of)
                                ? answer->report->summary
                                : "none was judged over the version of IP "
                                  "that is listened on"));
        break;
    }
    pst_gate_outcome_of(outcome, probe, answer);
}

/* The versions of IP that whoever is meant comes over: all where nobody said from where, or it is
 * the guest itself. */
static guint
versions_meant(const PstGateFacts *facts)
{
    const char *from = NULL;

    if (facts->one->vantage != NULL)
        pst_json_get_string(facts->one->vantage, "from", PST_JSON_NULLABLE, &from, NULL);
    if (from == NULL || pst_gate_listening_is_loopback(from))
        return IPV4 | IPV6;
    return strchr(from, ':') != NULL ? IPV6 : IPV4;
}

static void
add_deaf(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkData *data,
         GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;
    const char *protocol = g_str_has_suffix(rule->subject, "/udp") ? "udp" : "tcp";
    guint meant = versions_meant(facts);

    char *why = listening(data, rule->number, protocol) == NOBODY_LISTENS
                    ? g_strdup_printf("nothing listens on %s", rule->subject)
                : versions(data, rule->number, protocol) == 0
                    ? g_strdup_printf("on %s only the loopback is listened on", rule->subject)
                    : g_strdup_printf("nothing listens on %s over %s, by which whoever is meant "
                                      "comes",
                                      rule->subject, meant == IPV6 ? "IPv6" : "IPv4");
    pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN, why), probe,
                        pst_gate_facts_find(facts, probe));
}

void
pst_gate_judges_port(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;
    const char *protocol = g_str_has_suffix(rule->subject, "/udp") ? "udp" : "tcp";
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstNetworkData *data = pst_gate_facts_data(facts, probe);
    guint meant = versions_meant(facts);
    gboolean named = meant != (IPV4 | IPV6);
    guint of = data != NULL ? versions(data, rule->number, protocol) & meant : 0;

    if (of != 0 && named &&
        pst_gate_listening_over(data, rule->number, protocol, meant == IPV6) == PST_TRI_UNKNOWN)
        pst_gate_outcome_of(
            pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                                 g_strdup_printf("whether what listens on %s takes IPv4 is not "
                                                 "told",
                                                 rule->subject)),
            probe, answer);
    else if (of != 0)
        judge_filter(facts, rule, of, named, outcomes);
    else if (data == NULL || !tells_all(answer))
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
    else
        add_deaf(facts, rule, data, outcomes);
}

/* ---- those of before ---- */

static char *
name_of(const PstNetworkListening *row)
{
    return g_strdup_printf("%" G_GINT64_FORMAT "/%s", row->port, row->protocol);
}

/* Over the versions GONE of those that there WERE. */
static void
judge_lost(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkListening *row,
           guint gone, guint were, GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;
    const char *over = gone == were ? "" : gone == IPV6 ? " over IPv6" : " over IPv4";

    PstGateOutcome *outcome = pst_gate_outcome_add(
        outcomes, rule, PST_GATE_BROKEN,
        g_strdup_printf("nothing listens on %" G_GINT64_FORMAT "/%s%s any more; %s did", row->port,
                        row->protocol, over, row->process != NULL ? row->process : "something"));
    outcome->unit = g_strdup(row->unit);
    outcome->which = name_of(row);
    pst_gate_outcome_of(outcome, probe, pst_gate_facts_find(facts, probe));
}

static void
add_partly(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkListening *row,
           PstGateListeningFate fate, gboolean six, const char *at, GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;
    gboolean lost = fate == PST_GATE_LISTENING_LOST_AT;
    char *message =
        lost ? g_strdup_printf("nothing listens on %" G_GINT64_FORMAT "/%s at %s any more; %s did",
                               row->port, row->protocol, at,
                               row->process != NULL ? row->process : "something")
             : g_strdup_printf("whether %" G_GINT64_FORMAT "/%s is listened on over %s as it was "
                               "is not known: %s",
                               row->port, row->protocol, six ? "IPv6" : "IPv4", at);
    PstGateOutcome *outcome =
        pst_gate_outcome_add(outcomes, rule, lost ? PST_GATE_BROKEN : PST_GATE_UNCHECKED, message);

    outcome->unit = g_strdup(row->unit);
    pst_gate_outcome_of(outcome, probe, pst_gate_facts_find(facts, probe));
}

/* What became of it by who listens. Returns the versions of IP over which it still is, or may be,
 * listened on. */
static guint
judge_listening(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkData *former,
                const PstNetworkListening *row, GPtrArray *outcomes)
{
    const PstNetworkData *now = pst_gate_facts_data(facts, pst_report_network_kind.name);
    guint were = versions(former, row->port, row->protocol), gone = 0;

    for (guint version = IPV4; version <= IPV6; version <<= 1) {
        gboolean six = version == IPV6;
        g_autofree char *at = NULL;
        PstGateListeningFate fate =
            pst_gate_listening_fate(former, now, row->port, row->protocol, six, &at);

        if (fate == PST_GATE_LISTENING_LOST)
            gone |= version;
        else if (fate != PST_GATE_LISTENING_KEPT)
            add_partly(facts, rule, row, fate, six, at, outcomes);
    }
    if (gone != 0)
        judge_lost(facts, rule, row, gone, were, outcomes);
    return versions(now, row->port, row->protocol) & were & ~gone;
}

static gboolean
is_before_it(const PstNetworkData *data, guint i)
{
    const PstNetworkListening *row = data->listening->pdata[i];

    for (guint j = 0; j < i; j++) {
        const PstNetworkListening *other = data->listening->pdata[j];
        if (other->port == row->port && g_strcmp0(other->protocol, row->protocol) == 0 &&
            !pst_gate_listening_is_loopback(other->address))
            return TRUE;
    }
    return FALSE;
}

/* Whether it may be one that was handed out by chance. A client of UDP waits for answers as a
 * server does for whoever comes; what waits for connections was seldom given its port. */
static gboolean
is_by_chance(const PstNetworkData *former, const PstNetworkListening *row)
{
    return row->port >= FIRST_OF_CHANCE ||
           (g_strcmp0(row->protocol, "udp") == 0 && former->ports_from != PST_INT_UNKNOWN &&
            row->port >= former->ports_from && row->port <= former->ports_to);
}

/* Whether it is one that is not to be lost, and the first row of it. */
static gboolean
is_kept(const PstNetworkData *former, guint i)
{
    const PstNetworkListening *row = former->listening->pdata[i];

    return row->protocol != NULL && !is_by_chance(former, row) &&
           !pst_gate_listening_is_loopback(row->address) && !is_before_it(former, i);
}

/* The answer of the guest itself, but to a question about one port. */
static const PstAnswer *
find(PstAnswer *const *answers, guint n, const char *probe)
{
    for (guint i = 0; i < n; i++) {
        const PstAnswer *answer = answers[i];

        if (g_str_equal(answer->probe, probe) && pst_gate_facts_is_of_now(answer) &&
            !json_object_has_member(answer->args, "protocol"))
            return answer;
    }
    return NULL;
}

static const PstAnswer *
of_before(const PstGateCase *one, const char *probe)
{
    const GPtrArray *answers = one->before->answers;

    return find((PstAnswer *const *)answers->pdata, answers->len, probe);
}

static gboolean
judges(const PstFirewallChain *chain)
{
    return g_strcmp0(chain->type, "nat") != 0 &&
           (chain->rules != 0 || g_strcmp0(chain->policy, "accept") != 0);
}

static gboolean
may_shut(const PstFirewallChain *chain)
{
    gboolean inbound = g_strcmp0(chain->hook, "output") != 0 &&
                       g_strcmp0(chain->hook, "postrouting") != 0 &&
                       g_strcmp0(chain->hook, "forward") != 0;

    return inbound && judges(chain);
}

/* Whether no packet filter judges what comes in. One that is told is there, whatever else could not
 * be looked at. */
static PstTri
is_unfiltered(const PstAnswer *answer)
{
    const PstFirewallData *data = answer != NULL ? answer->report->data : NULL;

    if (data == NULL)
        return PST_TRI_UNKNOWN;
    for (guint i = 0; data->chains != NULL && i < data->chains->len; i++)
        if (may_shut(data->chains->pdata[i]))
            return PST_TRI_NO;
    return answer->report->truncated || pst_gate_facts_unlooked(answer) != NULL ? PST_TRI_UNKNOWN
                                                                                : PST_TRI_YES;
}

/* Whether one may judge now, be it what is answered or passed on. Where it is seen that none does,
 * each port is let in; and of a guest that did not tell of its filters nobody asks for the verdict
 * of one. */
static gboolean
may_be_filtered(const PstAnswer *now)
{
    const PstFirewallData *data = now != NULL ? now->report->data : NULL;

    for (guint i = 0; data != NULL && data->chains != NULL && i < data->chains->len; i++)
        if (judges(data->chains->pdata[i]))
            return TRUE;
    return data != NULL && is_unfiltered(now) != PST_TRI_YES;
}

static PstTri
was_unfiltered(const PstGateCase *one)
{
    return is_unfiltered(of_before(one, pst_report_firewall_kind.name));
}

static gboolean
is_asked_anyway(const PstPolicy *policy, const PstNetworkListening *row)
{
    g_autofree char *subject = g_strdup_printf("%" G_GINT64_FORMAT "/%s", row->port, row->protocol);

    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];
        if (rule->kind == PST_POLICY_PORT && g_str_equal(rule->subject, subject))
            return TRUE;
    }
    return FALSE;
}

/* What of a port that was listened on over OF, and is, depends on what packet filters do with it
 * now: the versions of IP over which they let it in before, and those of which nobody told. */
typedef struct {
    guint open, untold;
} Former;

static Former
former_of(const PstGateCase *one, const PstAnswer *now, const PstNetworkListening *row, guint of)
{
    const PstAnswer *before = of_before(one, pst_report_firewall_kind.name);
    PstTri unfiltered = was_unfiltered(one);
    Former former = {0, 0};

    if (unfiltered == PST_TRI_UNKNOWN)
        return former;
    for (guint version = IPV4; version <= IPV6; version <<= 1) {
        gboolean six = version == IPV6;
        PstGatePortFilters then =
            unfiltered == PST_TRI_YES
                ? PST_GATE_PORT_FILTERS_OPEN
                : pst_gate_port_filters_before(before, now, row->port, row->protocol, six);

        if ((of & version) == 0 || then == PST_GATE_PORT_FILTERS_SHUT ||
            pst_gate_port_filters_opens(now, row->port, row->protocol, six) ||
            pst_gate_port_filters_same(before, now, row->port, row->protocol, six))
            continue;
        if (then == PST_GATE_PORT_FILTERS_OPEN)
            former.open |= version;
        else
            former.untold |= version;
    }
    return former;
}

GPtrArray *
pst_gate_judges_former_ports(const PstGateCase *one)
{
    GPtrArray *ports = g_ptr_array_new();
    const PstAnswer *answer =
        one->before != NULL ? of_before(one, pst_report_network_kind.name) : NULL;
    const PstNetworkData *former = answer != NULL ? answer->report->data : NULL;
    const PstAnswer *now = find(one->answers, one->n_answers, pst_report_firewall_kind.name);

    if (former == NULL || former->listening == NULL ||
        !pst_policy_has(one->policy, PST_POLICY_NO_LOST_PORT) || !may_be_filtered(now))
        return ports;
    for (guint i = 0; i < former->listening->len && ports->len < MAX_FORMER; i++) {
        PstNetworkListening *row = former->listening->pdata[i];

        if (!is_kept(former, i) || is_asked_anyway(one->policy, row))
            continue;
        Former of = former_of(one, now, row, versions(former, row->port, row->protocol));
        if ((of.open | of.untold) != 0)
            g_ptr_array_add(ports, row);
    }
    return ports;
}

/* What is told of packet filters that don't let it in, or perhaps don't. */
static void
add_filtered(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkListening *row,
             const PstAnswer *answer, PstTri open, PstTri untold, GPtrArray *outcomes)
{
    g_autofree char *port = g_strdup_printf("%" G_GINT64_FORMAT "/%s", row->port, row->protocol);
    const char *summary = answer->report->summary;
    gboolean broken = open == PST_TRI_NO;
    gboolean doubt = open == PST_TRI_UNKNOWN || untold == PST_TRI_UNKNOWN;

    if (!broken && !doubt && untold == PST_TRI_YES)
        return;
    char *message =
        broken  ? g_strdup_printf("packet filters shut %s, and %s: %s", port,
                                 was_unfiltered(facts->one) == PST_TRI_YES ? "there were none"
                                                                            : "did not before",
                                  summary)
        : doubt ? g_strdup_printf("what packet filters do with %s is not known: %s", port, summary)
                : g_strdup_printf("packet filters shut %s; the baseline does not tell whether they "
                                  "did before: %s",
                                  port, summary);
    PstGateOutcome *outcome = pst_gate_outcome_add(
        outcomes, rule, broken ? PST_GATE_BROKEN : PST_GATE_UNCHECKED, message);
    outcome->which = g_steal_pointer(&port);
    if (broken && answer->report->findings->len > 0)
        pst_gate_outcome_blame(facts, outcome, answer->report->findings->pdata[0]);
    pst_gate_outcome_of(outcome, pst_report_firewall_kind.name, answer);
}

/* It is listened on still, over these versions of IP; do packet filters shut it over one of them,
 * which nothing did before? */
static void
judge_former(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkListening *row,
             guint of, GPtrArray *outcomes)
{
    const char *probe = pst_report_firewall_kind.name;
    const PstAnswer *now = pst_gate_facts_find(facts, probe);
    const PstAnswer *answer = filter_of(facts, row->port, row->protocol);

    if (answer == NULL && !pst_gate_facts_is_of_now(now)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, now)->which = name_of(row);
        return;
    }
    Former former = former_of(facts->one, pst_gate_facts_is_of_now(now) ? now : NULL, row, of);
    if ((former.open | former.untold) == 0)
        return;
    if (answer == NULL) {
        if (may_be_filtered(now))
            pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                                 g_strdup_printf("packet filters judge, and what they do with "
                                                 "%" G_GINT64_FORMAT "/%s was not asked",
                                                 row->port, row->protocol))
                ->which = name_of(row);
        return;
    }
    if (!pst_gate_facts_is_of_now(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer)->which = name_of(row);
        return;
    }
    const PstFirewallData *data = answer->report->data;
    add_filtered(facts, rule, row, answer,
                 former.open != 0 ? lets_all_in(data, row->port, former.open) : PST_TRI_YES,
                 former.untold != 0 ? lets_all_in(data, row->port, former.untold) : PST_TRI_YES,
                 outcomes);
}

static char *
why_filters_unknown(const PstGateCase *one)
{
    const PstAnswer *before = of_before(one, pst_report_firewall_kind.name);
    const PstFinding *unlooked = before != NULL ? pst_gate_facts_unlooked(before) : NULL;

    return g_strdup_printf("every port is listened on that was; the baseline does not tell whether "
                           "there were packet filters%s%s",
                           unlooked != NULL ? ": " : "", unlooked != NULL ? unlooked->message : "");
}

void
pst_gate_judges_lost_ports(const PstGateFacts *facts, const PstPolicyRule *rule,
                           GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstAnswer *before = answer != NULL ? pst_gate_facts_before(facts, answer) : NULL;
    const PstNetworkData *data = pst_gate_facts_data(facts, probe);
    const PstNetworkData *former = before != NULL ? before->report->data : NULL;
    guint n = outcomes->len;

    if (data == NULL || !tells_all(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    if (former == NULL || !tells_all(before)) {
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                             g_strdup("the baseline does not tell which ports were open"));
        return;
    }
    PstTri unfiltered = was_unfiltered(facts->one);
    for (guint i = 0; former->listening != NULL && i < former->listening->len; i++) {
        const PstNetworkListening *row = former->listening->pdata[i];

        if (!is_kept(former, i))
            continue;
        guint still = judge_listening(facts, rule, former, row, outcomes);
        if (still != 0 && unfiltered != PST_TRI_UNKNOWN)
            judge_former(facts, rule, row, still, outcomes);
    }
    if (outcomes->len > n)
        return;
    if (unfiltered == PST_TRI_UNKNOWN)
        pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED, why_filters_unknown(facts->one));
    else
        pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                                                 g_strdup("every port is open that was open")),
                            probe, answer);
}
