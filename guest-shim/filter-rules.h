// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netinet/in.h>

#include <glib.h>

/* What a kernel's packet filters hold, in one form for nftables and for the old iptables: tables of
 * chains of rules, each rule a row of steps. Read by nft-json.c and iptables-save.c, judged by
 * filter-walk.c. */

typedef enum {
    PST_FILTER_SADDR4,
    PST_FILTER_SADDR6,
    PST_FILTER_DADDR4,
    PST_FILTER_DADDR6,
    PST_FILTER_SPORT,
    PST_FILTER_DPORT,
    PST_FILTER_L4PROTO, /* IPPROTO_* */
    PST_FILTER_NFPROTO, /* NFPROTO_IPV4 or NFPROTO_IPV6 of linux/netfilter.h: 2 and 10 */
    PST_FILTER_IIF,
    PST_FILTER_OIF,
    PST_FILTER_CT_STATE,  /* bits, as below */
    PST_FILTER_CT_STATUS, /* bits, as IP_CT_* say; only that of address translation is told apart */
    PST_FILTER_TCP_FLAGS, /* bits of the header */
    PST_FILTER_PKTTYPE,   /* linux/if_packet.h */
    PST_FILTER_DTYPE,     /* what the destination is to this machine: RTN_* of linux/rtnetlink.h */
    PST_FILTER_OPAQUE,    /* something that is not modelled */
    PST_FILTER_N_KEYS = PST_FILTER_OPAQUE,
} PstFilterKey;

/* The bits of PST_FILTER_CT_STATE: linux/netfilter/nf_conntrack_common.h, as nft(8) has them. */
#define PST_FILTER_CT_INVALID 1u
#define PST_FILTER_CT_ESTABLISHED 2u
#define PST_FILTER_CT_RELATED 4u
#define PST_FILTER_CT_NEW 8u
#define PST_FILTER_CT_UNTRACKED 64u

/* A range of values, both ends included: a number in network order at the end of 16 bytes, or for
 * interfaces a NAME, which may end in an asterisk. */
typedef struct {
    guint8 low[16], high[16];
    char *name;
} PstFilterRange;

typedef enum {
    PST_FILTER_ACCEPT,
    PST_FILTER_DROP,
    PST_FILTER_REJECT,
    PST_FILTER_JUMP,
    PST_FILTER_GOTO,
    PST_FILTER_RETURN,
    PST_FILTER_CONTINUE,
    PST_FILTER_ELSEWHERE, /* a verdict that is not modelled: queue, dnat, redirect, fwd … */
} PstFilterVerdictKind;

typedef struct {
    PstFilterVerdictKind kind;
    char *target; /* the chain of a jump; what is not modelled of an ELSEWHERE */
} PstFilterVerdict;

#define PST_FILTER_MAX_KEYS 4

/* One value for each key, and the verdict where it is an element of a verdict map. */
typedef struct {
    PstFilterRange ranges[PST_FILTER_MAX_KEYS];
    PstFilterVerdict verdict;
} PstFilterElement;

typedef enum {
    PST_FILTER_MATCH,
    PST_FILTER_MAP,     /* goes on with the verdict of the element that matches */
    PST_FILTER_RATE,    /* true or false by how much came before */
    PST_FILTER_VERDICT, /* ends the rule */
    PST_FILTER_NOTRACK,
} PstFilterStepKind;

typedef struct {
    PstFilterStepKind kind;
    PstFilterKey keys[PST_FILTER_MAX_KEYS];
    guint n_keys;
    gboolean negated;
    /* Where a mask is set, the value is ANDed with it first; a match by ANY_BIT is true where
     * anything is left, whatever the elements say. */
    guint64 mask;
    gboolean any_bit;
    GPtrArray *elements; /* of PstFilterElement; NULL where SET names them */
    char *set;           /* a named set or map of the same table */
    char *what;          /* as it was written, for what is not modelled and for rates */
    PstFilterVerdict verdict;
} PstFilterStep;

typedef struct {
    gint64 handle;         /* G_MININT64 where it has none */
    gint64 packets, bytes; /* of its counter; G_MININT64 where it has none */
    char *text;            /* for people */
    gboolean foreign;      /* nft does not say what it does: iptables made it */
    GPtrArray *steps;      /* of PstFilterStep */
} PstFilterRule;

typedef enum {
    PST_FILTER_HOOK_NONE,
    PST_FILTER_HOOK_INGRESS,
    PST_FILTER_HOOK_PREROUTING,
    PST_FILTER_HOOK_INPUT,
    PST_FILTER_HOOK_OUTPUT,
    PST_FILTER_HOOK_POSTROUTING,
    PST_FILTER_HOOK_OTHER,
} PstFilterHook;

typedef struct {
    char *name;
    PstFilterHook hook;
    char *hook_name;
    char *type;
    gint64 priority;
    gboolean policy_drops;
    gint64 packets, bytes; /* that met the policy; G_MININT64 where nobody counts */
    char **devices;        /* of an ingress chain; NULL for all */
    GPtrArray *rules;      /* of PstFilterRule */
} PstFilterChain;

typedef struct {
    char *name;
    char
        *type; /* as nft names it: ipv4_addr; parts joined by " . "; verdict maps add ": verdict" */
} PstFilterSet;

typedef struct {
    char *source; /* nftables or iptables-legacy */
    char *family; /* ip, ip6, inet, netdev, arp, bridge */
    char *name;
    GPtrArray *chains;   /* of PstFilterChain, in the order of the source */
    GPtrArray *sets;     /* of PstFilterSet */
    GHashTable *by_name; /* the chains, borrowed */
} PstFilterTable;

typedef struct {
    GPtrArray *tables; /* of PstFilterTable */
} PstFilterRules;

PstFilterRules *pst_filter_rules_new(void);
void pst_filter_rules_free(PstFilterRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFilterRules, pst_filter_rules_free)

/* Each adds one to its owner and returns it, borrowed. */
PstFilterTable *pst_filter_rules_add_table(PstFilterRules *rules, const char *source,
                                           const char *family, const char *name);
PstFilterChain *pst_filter_rules_add_chain(PstFilterTable *table, const char *name);
PstFilterSet *pst_filter_rules_add_set(PstFilterTable *table, const char *name, const char *type);
PstFilterRule *pst_filter_rules_add_rule(PstFilterChain *chain);
PstFilterStep *pst_filter_rules_add_step(PstFilterRule *rule, PstFilterStepKind kind);
PstFilterElement *pst_filter_rules_add_element(PstFilterStep *step);

/* A step that matches by one key that is not modelled, written as WHAT. */
PstFilterStep *pst_filter_rules_add_opaque(PstFilterRule *rule, const char *what);

/* Borrowed; NULL where there is none. */
PstFilterTable *pst_filter_rules_find_table(const PstFilterRules *rules, const char *source,
                                            const char *family, const char *name);
PstFilterChain *pst_filter_rules_find_chain(const PstFilterTable *table, const char *name);
const PstFilterSet *pst_filter_rules_find_set(const PstFilterTable *table, const char *name);

PstFilterHook pst_filter_rules_hook(const char *name);

/* Fills in a range: of one number, of two, of an address or a prefix of it (BITS of the family's 32
 * or 128). The last two are FALSE for what is no numeric address or has no such length. */
void pst_filter_rules_set_numbers(PstFilterRange *range, guint64 low, guint64 high);
gboolean pst_filter_rules_set_prefix(PstFilterRange *range, const char *address, guint bits,
                                     gboolean six);
gboolean pst_filter_rules_set_addresses(PstFilterRange *range, const char *low, const char *high,
                                        gboolean six);

/* ADDRESS with or without /BITS, as both tools write it. */
gboolean pst_filter_rules_set_network(PstFilterRange *range, const char *text, gboolean six);
