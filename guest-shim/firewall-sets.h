// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-walk.h"
#include "guest-shim/probe.h"

/* Asks for single elements of named sets with `nft get element`, which reads no more than that
 * element: a set may hold thousands. */

typedef struct PstFirewallSets PstFirewallSets;

/* Borrows CONTEXT. */
PstFirewallSets *pst_firewall_sets_new(const PstProbeContext *context);
void pst_firewall_sets_free(PstFirewallSets *sets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFirewallSets, pst_firewall_sets_free)

/* A PstFilterLookup; its DATA is a PstFirewallSets. */
PstFilterTruth pst_firewall_sets_ask(const PstFilterTable *table, const PstFilterStep *step,
                                     const char *element, PstFilterVerdict *verdict, gpointer data);

/* The verdict that nft's JSON for one element of a map holds; FALSE where there is none. */
gboolean pst_firewall_sets_read_map(const char *text, gsize len, PstFilterVerdict *verdict);

/* Whether nft takes NAME for a name, wherever it stands, and for nothing else. */
gboolean pst_firewall_sets_is_name(const char *name);
