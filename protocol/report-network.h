// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `network`: is the guest on the network at all? */

typedef struct {
    char *unused; /* the probe takes no arguments; a table needs a row's type */
} PstNetworkArgs;

typedef struct {
    char *name;
    char *operstate; /* as the kernel says: up, down, lowerlayerdown, dormant, unknown … */
    PstTri up;       /* switched on by the administrator (IFF_UP) */
    PstTri carrier;
    PstTri loopback;
    char *mac;
    gint64 mtu;
    char **addresses; /* with prefix length, as 192.0.2.7/24 */
} PstNetworkLink;

typedef struct {
    char *destination; /* with prefix length; 0.0.0.0/0 and ::/0 are the default routes */
    char *gateway;
    char *link;
    gint64 metric;
} PstNetworkRoute;

typedef struct {
    GPtrArray *links;   /* of PstNetworkLink */
    GPtrArray *routes;  /* of PstNetworkRoute */
    char **nameservers; /* of /etc/resolv.conf */
} PstNetworkData;

extern const PstFields pst_report_network_link_fields;
extern const PstFields pst_report_network_route_fields;
extern const PstReportKind pst_report_network_kind;
