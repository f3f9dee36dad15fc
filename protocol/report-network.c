// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-network.h"

static const PstField link_rows[] = {
    PST_STRING(PstNetworkLink, name, "the interface's name"),
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
    PST_STRING(PstNetworkRoute, destination, "with prefix length"),
    PST_STRING(PstNetworkRoute, gateway, "the next hop, absent on the link itself"),
    PST_STRING(PstNetworkRoute, link, "the interface's name"),
    PST_INT(PstNetworkRoute, metric, "lower wins"),
};
const PstFields pst_report_network_route_fields = PST_FIELDS(PstNetworkRoute, route_rows);

static const PstField data_rows[] = {
    PST_LIST(PstNetworkData, links, pst_report_network_link_fields, "network interfaces"),
    PST_LIST(PstNetworkData, routes, pst_report_network_route_fields, "the main routing tables"),
    PST_STRINGS(PstNetworkData, nameservers, "resolvers named in /etc/resolv.conf"),
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
