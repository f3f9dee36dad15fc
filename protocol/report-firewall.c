// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-firewall.h"

static const PstField chain_rows[] = {
    PST_STRING(PstFirewallChain, source, "nftables or iptables-legacy", PST_KEY),
    PST_STRING(PstFirewallChain, family, "ip, ip6, inet or netdev", PST_KEY),
    PST_STRING(PstFirewallChain, table, "its table", PST_KEY),
    PST_STRING(PstFirewallChain, chain, "its name", PST_KEY),
    PST_STRING(PstFirewallChain, hook, "where it meets packets: input, prerouting, output …"),
    PST_STRING(PstFirewallChain, type, "filter, nat or route"),
    PST_INT(PstFirewallChain, priority, "of several at one hook the lowest comes first"),
    PST_STRING(PstFirewallChain, policy, "what becomes of packets that no rule decides on"),
    PST_INT(PstFirewallChain, rules, "how many rules stand in it"),
};
const PstFields pst_report_firewall_chain_fields = PST_FIELDS(PstFirewallChain, chain_rows);

static const PstField verdict_rows[] = {
    PST_INT(PstFirewallVerdict, port, "the port of the guest", PST_KEY),
    PST_STRING(PstFirewallVerdict, protocol, "tcp or udp", PST_KEY),
    PST_STRING(PstFirewallVerdict, family, "ipv4 or ipv6", PST_KEY),
    PST_STRING(PstFirewallVerdict, from, "where it comes from, absent for any address outside",
               PST_KEY),
    PST_STRING(PstFirewallVerdict, verdict,
               "accept, drop, reject, depends (on what depends_on says) or unknown"),
    PST_STRINGS(PstFirewallVerdict, depends_on, "what makes the difference"),
    PST_STRING(PstFirewallVerdict, unmodelled, "what could not be judged"),
    PST_STRING(PstFirewallVerdict, later,
               "what becomes of what follows the first packet, as verdict"),
    PST_BOOL(PstFirewallVerdict, replies, "the guest's answers get out"),
    PST_STRING(PstFirewallVerdict, source, "where it is decided: nftables or iptables-legacy"),
    PST_STRING(PstFirewallVerdict, table, "the deciding table, with its family"),
    PST_STRING(PstFirewallVerdict, chain, "the deciding chain"),
    PST_INT(PstFirewallVerdict, handle, "the deciding rule's number in nftables", PST_PASSING),
    /* Its counters are in it. */
    PST_ROW(PST_FIELD_STRING, PstFirewallVerdict, rule,
            .doc = "the deciding rule, absent for the chain's policy", PST_PASSING),
    PST_INT(PstFirewallVerdict, packets, "packets that its counter has seen", PST_PASSING),
    PST_INT(PstFirewallVerdict, bytes, "bytes that its counter has seen", PST_PASSING),
};
const PstFields pst_report_firewall_verdict_fields = PST_FIELDS(PstFirewallVerdict, verdict_rows);

static const PstField listened_rows[] = {
    PST_INT(PstFirewallListened, port, "the port of the guest", PST_KEY),
    PST_STRING(PstFirewallListened, protocol, "tcp or udp", PST_KEY),
    PST_STRING(PstFirewallListened, family, "ipv4 or ipv6", PST_KEY),
    PST_STRING(PstFirewallListened, verdict,
               "what becomes of a connection and of its answers: accept, drop (which has what is "
               "rejected), depends or unknown, as where a named set decides"),
};
const PstFields pst_report_firewall_listened_fields =
    PST_FIELDS(PstFirewallListened, listened_rows);

static const PstField data_rows[] = {
    PST_BOOL(PstFirewallData, nftables, "the kernel has nftables loaded"),
    PST_BOOL(PstFirewallData, iptables_legacy, "the kernel has a table of the old iptables"),
    PST_BOOL(PstFirewallData, firewalld, "firewalld runs"),
    PST_INT(PstFirewallData, tracked, "connections in the kernel's table", PST_PASSING),
    PST_INT(PstFirewallData, tracked_max, "as many as that takes, 0 for any number"),
    PST_LIST(PstFirewallData, chains, pst_report_firewall_chain_fields,
             "where packets to and from the guest meet a filter"),
    PST_LIST(PstFirewallData, verdicts, pst_report_firewall_verdict_fields,
             "what becomes of a new connection"),
    /* The chains and the sockets tell it too. */
    PST_LIST(PstFirewallData, listened, pst_report_firewall_listened_fields,
             "what becomes of a connection to each port that is listened on, where no port was "
             "named and there are chains",
             PST_PASSING),
    PST_STRING(PstFirewallData, digest,
               "of all rules without their counters and numbers, where all of them is modelled and "
               "none looks into a named set",
               PST_PASSING),
};
static const PstFields data_fields = PST_FIELDS(PstFirewallData, data_rows);

static const PstField args_rows[] = {
    PST_INT(PstFirewallArgs, port, "the port that is to be open; default: those of sshd"),
    PST_STRING(PstFirewallArgs, from, "the address that the connection comes from; default: any"),
    PST_STRING(PstFirewallArgs, interface,
               "the guest's interface that it comes in by; default: those that lead outside"),
    PST_STRING(PstFirewallArgs, protocol, "tcp or udp, default tcp"),
};
static const PstFields args_fields = PST_FIELDS(PstFirewallArgs, args_rows);

const PstReportKind pst_report_firewall_kind = {
    .name = "firewall",
    .question = "is the port open to the harness?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
    .steady = TRUE,
};
