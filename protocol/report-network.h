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

/* A rule that says which table of routes is looked at (ip-rule(8)). */
typedef struct {
    gint64 priority; /* the lowest comes first */
    char *family;    /* ipv4 or ipv6 */
    char *from, *to; /* with prefix length; absent for any */
    gint64 table;    /* 255 local, 254 main, 253 default */
    char *action;    /* lookup, blackhole, unreachable, prohibit, other */
} PstNetworkRule;

/* What the guest knows of a machine on its own network. */
typedef struct {
    char *address;
    char *link;
    char *mac;   /* absent where nobody has answered */
    char *state; /* reachable, stale, delay, probe, permanent, incomplete, failed … */
} PstNetworkNeighbour;

/* A socket that waits for whoever comes. */
typedef struct {
    char *protocol; /* tcp or udp */
    char *address;
    gint64 port;
    PstTri ipv6_only; /* of one on "::": it takes no IPv4; absent where nobody said so, as where
                         another socket on 0.0.0.0 has the port */
    gint64 pid;       /* absent where no process was found that holds it */
    char *process;
    char *unit; /* systemd's, by the process' control group */
} PstNetworkListening;

/* What can withhold a link's packets beside the packet filter. */
typedef struct {
    char *link;
    char *place;         /* xdp, ingress or egress of a program or filter, root or class of netem */
    char *kind;          /* of filter or queue, as bpf, flower, netem */
    PstTri models;       /* netem loses packets by a model of its own, whose share is not told */
    gint64 loss_percent; /* that netem loses or spoils; absent for others */
} PstNetworkControl;

/* How names are looked up. */
typedef struct {
    char *hostname;
    PstTri hostname_in_hosts; /* /etc/hosts has it */
    char **hosts;             /* nsswitch.conf's sources of host names */
    char **search;            /* domains that resolv.conf has tried */
} PstNetworkResolver;

typedef struct {
    GPtrArray *links;  /* of PstNetworkLink */
    GPtrArray *routes; /* of PstNetworkRoute */
    char **rejects;    /* what the main tables refuse or swallow (blackhole, unreachable, prohibit,
                          throw), with prefix length */
    GPtrArray *rules;  /* of PstNetworkRule: those that are not the kernel's own three */
    GPtrArray *controls;         /* of PstNetworkControl; NULL for none */
    GPtrArray *neighbours;       /* of PstNetworkNeighbour */
    GPtrArray *listening;        /* of PstNetworkListening */
    gint64 ports_from, ports_to; /* what the kernel hands out to whoever asks for any port */
    char **nameservers;          /* of /etc/resolv.conf */
    PstNetworkResolver *resolver;
} PstNetworkData;

extern const PstFields pst_report_network_link_fields;
extern const PstFields pst_report_network_route_fields;
extern const PstFields pst_report_network_rule_fields;
extern const PstFields pst_report_network_control_fields;
extern const PstFields pst_report_network_neighbour_fields;
extern const PstFields pst_report_network_listening_fields;
extern const PstFields pst_report_network_resolver_fields;
extern const PstReportKind pst_report_network_kind;
