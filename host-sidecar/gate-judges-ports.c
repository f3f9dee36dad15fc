// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-judges.h"
#include "protocol/json.h"
#include "protocol/report-firewall.h"
#include "protocol/report-network.h"

/* From here on the kernel hands ports out to whoever asks for any (ip_local_port_range). */
#define FIRST_OF_CHANCE 32768

typedef enum {
    NOBODY_LISTENS,
    LISTENS_INSIDE, /* on the loopback alone */
    LISTENS,
} Listening;

static gboolean
is_loopback(const char *address)
{
    return address != NULL && (g_str_has_prefix(address, "127.") || g_str_equal(address, "::1"));
}

static Listening
listening(const PstNetworkData *data, gint64 port, const char *protocol)
{
    Listening best = NOBODY_LISTENS;

    for (guint i = 0; data->listening != NULL && i < data->listening->len; i++) {
        const PstNetworkListening *row = data->listening->pdata[i];

        if (row->port == port && g_strcmp0(row->protocol, protocol) == 0)
            best = MAX(best, is_loopback(row->address) ? LISTENS_INSIDE : LISTENS);
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
filter_of(const PstGateFacts *facts, const PstPolicyRule *rule)
{
    for (guint i = 0; i < facts->ports->len; i++) {
        const PstAnswer *answer = facts->ports->pdata[i];
        const char *protocol = NULL;
        gint64 port = 0;

        if (pst_json_get_int(answer->args, "port", PST_JSON_REQUIRED, &port, NULL) &&
            pst_json_get_string(answer->args, "protocol", PST_JSON_REQUIRED, &protocol, NULL) &&
            port == rule->number && g_str_has_suffix(rule->subject, protocol))
            return answer;
    }
    return NULL;
}

/* Whether packet filters let a connection in, over either version of IP. */
static PstTri
passes(const PstFirewallData *data, gint64 port)
{
    guint n_shut = 0, n_other = 0;

    for (guint i = 0; data->verdicts != NULL && i < data->verdicts->len; i++) {
        const PstFirewallVerdict *verdict = data->verdicts->pdata[i];

        if (verdict->port != port)
            continue;
        if (g_strcmp0(verdict->verdict, "drop") == 0 ||
            g_strcmp0(verdict->verdict, "reject") == 0 || verdict->replies == PST_TRI_NO)
            n_shut++;
        else if (g_strcmp0(verdict->verdict, "accept") == 0)
            return PST_TRI_YES;
        else
            n_other++;
    }
    return n_shut > 0 && n_other == 0 ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

static void
judge_filter(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_firewall_kind.name;
    const PstAnswer *answer = filter_of(facts, rule);
    PstGateOutcome *outcome = NULL;

    if (!pst_gate_facts_is_of_now(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
        return;
    }
    switch (passes(answer->report->data, rule->number)) {
    case PST_TRI_YES:
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
        outcome =
            pst_gate_outcome_add(outcomes, rule, PST_GATE_UNCHECKED,
                                 g_strdup_printf("what packet filters do with %s is not known: %s",
                                                 rule->subject, answer->report->summary));
        break;
    }
    pst_gate_outcome_of(outcome, probe, answer);
}

void
pst_gate_judges_port(const PstGateFacts *facts, const PstPolicyRule *rule, GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;
    const char *protocol = g_str_has_suffix(rule->subject, "/udp") ? "udp" : "tcp";
    const PstAnswer *answer = pst_gate_facts_find(facts, probe);
    const PstNetworkData *data = pst_gate_facts_data(facts, probe);
    Listening best = data != NULL ? listening(data, rule->number, protocol) : NOBODY_LISTENS;

    if (best == LISTENS) {
        judge_filter(facts, rule, outcomes);
    } else if (data == NULL || !tells_all(answer)) {
        pst_gate_outcome_add_unlooked(outcomes, rule, probe, answer);
    } else {
        pst_gate_outcome_of(
            pst_gate_outcome_add(outcomes, rule, PST_GATE_BROKEN,
                                 g_strdup_printf(best == NOBODY_LISTENS
                                                     ? "nothing listens on %s"
                                                     : "on %s only the loopback is listened on",
                                                 rule->subject)),
            probe, answer);
    }
}

/* ---- those of before ---- */

static void
judge_lost(const PstGateFacts *facts, const PstPolicyRule *rule, const PstNetworkListening *row,
           GPtrArray *outcomes)
{
    const char *probe = pst_report_network_kind.name;

    PstGateOutcome *outcome = pst_gate_outcome_add(
        outcomes, rule, PST_GATE_BROKEN,
        g_strdup_printf("nothing listens on %" G_GINT64_FORMAT "/%s any more; %s did", row->port,
                        row->protocol, row->process != NULL ? row->process : "something"));
    outcome->unit = g_strdup(row->unit);
    pst_gate_outcome_of(outcome, probe, pst_gate_facts_find(facts, probe));
}

static gboolean
is_before_it(const PstNetworkData *data, guint i)
{
    const PstNetworkListening *row = data->listening->pdata[i];

    for (guint j = 0; j < i; j++) {
        const PstNetworkListening *other = data->listening->pdata[j];
        if (other->port == row->port && g_strcmp0(other->protocol, row->protocol) == 0 &&
            !is_loopback(other->address))
            return TRUE;
    }
    return FALSE;
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
    for (guint i = 0; former->listening != NULL && i < former->listening->len; i++) {
        const PstNetworkListening *row = former->listening->pdata[i];

        if (row->protocol == NULL || row->port >= FIRST_OF_CHANCE || is_loopback(row->address) ||
            is_before_it(former, i) || listening(data, row->port, row->protocol) == LISTENS)
            continue;
        judge_lost(facts, rule, row, outcomes);
    }
    if (outcomes->len == n)
        pst_gate_outcome_of(pst_gate_outcome_add(outcomes, rule, PST_GATE_HELD,
                                                 g_strdup("every port is open that was open")),
                            probe, answer);
}
