// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-packet.h"

/* The way of a packet through the loaded rules: a pure function.
 *
 * Every base chain of a hook sees the packet, in the order of their priorities; one that accepts
 * hands it on to the next, and one that drops or rejects is the end (nft(8), CHAINS). Where a rule
 * may match or not, both ways are followed, and what it depends on is remembered; where they end in
 * the same verdict, it is certain all the same. A jump in a circle, which no kernel takes, ends in
 * "unknown". */

/* Whether the element ("10.0.0.1 . 22") is in the step's named set. For a map the verdict of the
 * element is filled in. MAYBE where it could not be asked. */
typedef PstFilterTruth (*PstFilterLookup)(const PstFilterTable *table, const PstFilterStep *step,
                                          const char *element, PstFilterVerdict *verdict,
                                          gpointer data);

/* Where a verdict was given; all borrowed from the rules. Without a rule it is the chain's policy.
 */
typedef struct {
    const PstFilterTable *table;
    const PstFilterChain *chain;
    const PstFilterRule *rule;
} PstFilterPlace;

typedef enum {
    PST_FILTER_IS_ACCEPTED,
    PST_FILTER_IS_DROPPED,
    PST_FILTER_IS_REJECTED,
    PST_FILTER_DEPENDS, /* on what the reasons say */
    PST_FILTER_UNKNOWN, /* for want of a model, or of an answer about a set */
} PstFilterDecision;

extern const char *const pst_filter_walk_decision_names[];

typedef struct {
    PstFilterDecision decision;
    guint reasons;          /* PST_FILTER_BY_*, where it depends or is unknown */
    char *unmodelled;       /* what could not be judged, for UNKNOWN */
    PstFilterPlace place;   /* that decides; for DEPENDS and UNKNOWN the first that may deny */
    PstFilterPlace allowed; /* for DEPENDS, the first that may accept */
} PstFilterResult;

void pst_filter_walk_clear(PstFilterResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstFilterResult, pst_filter_walk_clear)

/* LOOKUP may be NULL: then no named set is known. WITHOUT is a rule that is passed over, to see
 * what would be without it; NULL for none. */
void pst_filter_walk(const PstFilterRules *rules, const PstFilterQuestion *question,
                     PstFilterLookup lookup, gpointer data, const PstFilterRule *without,
                     PstFilterResult *result);

/* Whether the packets of this family meet the table. */
gboolean pst_filter_walk_concerns(const PstFilterTable *table, gboolean six);
