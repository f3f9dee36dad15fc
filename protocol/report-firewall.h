// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `firewall`: is the port open to the harness? What the guest's own packet
 * filters do with the first packet of a new connection. What is seen inside of a guest never proves
 * that nothing outside of it denies. */

typedef struct {
    gint64 port;     /* default: those on which sshd listens */
    char *from;      /* an address; default: any */
    char *interface; /* by which it comes in; default: those that lead outside */
    char *protocol;  /* tcp or udp, default tcp */
} PstFirewallArgs;

/* A base chain: where packets meet a filter. */
typedef struct {
    char *source; /* nftables or iptables-legacy */
    char *family; /* ip, ip6, inet, netdev */
    char *table;
    char *chain;
    char *hook;
    char *type;
    gint64 priority; /* the lowest comes first */
    char *policy;    /* accept or drop */
    gint64 rules;    /* in this chain itself */
} PstFirewallChain;

/* What happens to a new connection to one port over one IP version. */
typedef struct {
    gint64 port;
    char *protocol;
    char *family;  /* ipv4 or ipv6 */
    char *from;    /* absent for any address from outside */
    char *verdict; /* accept, drop, reject, depends, unknown */
    char **depends_on;
    char *unmodelled; /* what could not be judged */
    char *later;      /* of what follows the first packet; as verdict */
    PstTri replies;   /* the guest's answers get out */
    /* Where it is decided; without a handle and a rule it is the chain's policy. */
    char *source, *table, *chain;
    gint64 handle;
    char *rule;
    gint64 packets, bytes; /* of the rule's counter */
} PstFirewallVerdict;

/* The same in short, of a port that is listened on. */
typedef struct {
    gint64 port;
    char *protocol;
    char *family;  /* ipv4 or ipv6 */
    char *verdict; /* of a whole connection: accept, drop, depends, unknown */
} PstFirewallListened;

typedef struct {
    PstTri nftables;        /* the kernel has it loaded */
    PstTri iptables_legacy; /* the kernel has a table of it */
    PstTri firewalld;       /* it runs */
    gint64 tracked;         /* connections in the kernel's table; absent where it tracks none */
    gint64 tracked_max;     /* as many as it takes; 0: any number */
    GPtrArray *chains;      /* of PstFirewallChain: those that packets to and from here meet */
    GPtrArray *verdicts;    /* of PstFirewallVerdict */
    GPtrArray *listened;    /* of PstFirewallListened; absent where a port was named, and where
                               there are no chains */
    char *digest;           /* of all rules, as they are but for their counters and handles; absent
                               where there are no chains, and where a rule looks into a named set
                               or has something that is not modelled */
} PstFirewallData;

extern const PstFields pst_report_firewall_chain_fields;
extern const PstFields pst_report_firewall_verdict_fields;
extern const PstFields pst_report_firewall_listened_fields;
extern const PstReportKind pst_report_firewall_kind;
