// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-network.h"

static const PstField link_rows[] = {
    PST_STRING(PstNetworkLink, name, "the interface's name", PST_KEY),
    PST_STRING(PstNetworkLink, operstate, "RFC 2863 state as the kernel says"),
    PST_BOOL(PstNetworkLink, up, "switched on by the administrator"),
    PST_BOOL(PstNetworkLink, carrier, "the cable, or what stands for it, is plugged in"),
    PST_BOOL(PstNetworkLink, loopback, "the loopback interface"),
    PST_STRING(PstNetworkLink, mac, "hardware address"),
    PST_INT(PstNetworkLink, mtu, "largest packet in bytes"),
    PST_STRINGS(PstNetworkLink, addresses, "addresses with prefix length"),
};
const PstFields pst_report_network_link_fields = PST_FIELDS(PstNetworkLink, link_rows);

static const PstField route_rows[] = {
    PST_STRING(PstNetworkRoute, destination, "with prefix length", PST_KEY),
    PST_STRING(PstNetworkRoute, gateway, "the next hop, absent on the link itself"),
    PST_STRING(PstNetworkRoute, link, "the interface's name", PST_KEY),
    PST_INT(PstNetworkRoute, metric, "lower wins", PST_KEY),
};
const PstFields pst_report_network_route_fields = PST_FIELDS(PstNetworkRoute, route_rows);

static const PstField rule_rows[] = {
    PST_INT(PstNetworkRule, priority, "the lowest is looked at first", PST_KEY),
    PST_STRING(PstNetworkRule, family, "ipv4 or ipv6", PST_KEY),
    PST_STRING(PstNetworkRule, from, "source with prefix length, absent for any", PST_KEY),
    PST_STRING(PstNetworkRule, to, "destination with prefix length, absent for any", PST_KEY),
    PST_INT(PstNetworkRule, table, "the number of the table of routes that is looked at"),
    PST_STRING(PstNetworkRule, action, "lookup, blackhole, unreachable, prohibit or other"),
};
const PstFields pst_report_network_rule_fields = PST_FIELDS(PstNetworkRule, rule_rows);

static const PstField control_rows[] = {
    PST_STRING(PstNetworkControl, link, "the interface's name", PST_KEY),
    PST_STRING(PstNetworkControl, place,
               "xdp, ingress or egress of a program or filter, root or class of netem", PST_KEY),
    PST_STRING(PstNetworkControl, kind, "of filter or queue, as bpf, flower, netem", PST_KEY),
    PST_BOOL(PstNetworkControl, models, "netem loses packets by a model, whose share is not told"),
    PST_INT(PstNetworkControl, loss_percent, "percent of the packets that netem loses or spoils"),
};
const PstFields pst_report_network_control_fields = PST_FIELDS(PstNetworkControl, control_rows);

static const PstField neighbour_rows[] = {
    PST_STRING(PstNetworkNeighbour, address, "its address"),
    PST_STRING(PstNetworkNeighbour, link, "the interface's name"),
    PST_STRING(PstNetworkNeighbour, mac, "its hardware address, absent where it never answered"),
    PST_STRING(PstNetworkNeighbour, state,
               "reachable, stale, delay, probe, permanent, noarp, incomplete, failed or none"),
};
const PstFields pst_report_network_neighbour_fields =
    PST_FIELDS(PstNetworkNeighbour, neighbour_rows);

static const PstField listening_rows[] = {
    PST_STRING(PstNetworkListening, protocol, "tcp or udp", PST_KEY),
    PST_STRING(PstNetworkListening, address, "the guest's address, 0.0.0.0 or :: for any", PST_KEY),
    PST_INT(PstNetworkListening, port, "the port", PST_KEY),
    /* Whether the kernel was asked depends on what else listens, and on its modules. */
    PST_BOOL(PstNetworkListening, ipv6_only, "one on :: that takes no IPv4, where that was asked",
             PST_PASSING),
    PST_INT(PstNetworkListening, pid, "a process that holds it", PST_PASSING),
    PST_STRING(PstNetworkListening, process, "that process' name"),
    PST_STRING(PstNetworkListening, unit, "the unit of systemd's that it runs in"),
};
const PstFields pst_report_network_listening_fields =
    PST_FIELDS(PstNetworkListening, listening_rows);

static const PstField resolver_rows[] = {
    PST_STRING(PstNetworkResolver, hostname, "the guest's own name"),
    PST_BOOL(PstNetworkResolver, hostname_in_hosts, "/etc/hosts has that name"),
    PST_STRINGS(PstNetworkResolver, hosts, "sources of host names in nsswitch.conf", PST_ORDERED),
    PST_STRINGS(PstNetworkResolver, search, "domains in which short names are looked for",
                PST_ORDERED),
};
const PstFields pst_report_network_resolver_fields = PST_FIELDS(PstNetworkResolver, resolver_rows);

static const PstField data_rows[] = {
    PST_LIST(PstNetworkData, links, pst_report_network_link_fields, "network interfaces"),
    PST_LIST(PstNetworkData, routes, pst_report_network_route_fields, "the main routing tables"),
    PST_STRINGS(PstNetworkData, rejects,
                "prefixes that the main routing tables refuse or swallow: blackhole, unreachable, "
                "prohibit, throw"),
    PST_LIST(PstNetworkData, rules, pst_report_network_rule_fields,
             "rules that choose a table of routes, besides the kernel's own"),
    PST_LIST(PstNetworkData, controls, pst_report_network_control_fields,
             "what can withhold packets beside the packet filter"),
    PST_LIST(PstNetworkData, neighbours, pst_report_network_neighbour_fields,
             "machines on the guest's own networks", PST_PASSING),
    PST_LIST(PstNetworkData, listening, pst_report_network_listening_fields,
             "sockets that wait for whoever comes"),
    PST_INT(PstNetworkData, ports_from,
            "the first port that the kernel hands out to whoever asks for any"),
    PST_INT(PstNetworkData, ports_to, "and the last"),
    PST_OBJECT(PstNetworkData, resolver, pst_report_network_resolver_fields,
               "how names are looked up"),
    PST_STRINGS(PstNetworkData, nameservers, "resolvers named in /etc/resolv.conf", PST_ORDERED),
};
static const PstFields data_fields = PST_FIELDS(PstNetworkData, data_rows);
static const PstFields args_fields = {sizeof(PstNetworkArgs), 0, NULL};

const PstReportKind pst_report_network_kind = {
    .name = "network",
    .question = "is the guest on the network at all?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};
