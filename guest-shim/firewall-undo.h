// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-walk.h"
#include "protocol/finding.h"

/* What lets a connection in that the rules deny. Whatever is offered was tried on the model first:
 * with it, the connection is accepted. */

typedef struct {
    PstFilterRules *rules; /* as they were, afterwards */
    const PstFilterQuestion *question;
    PstFilterLookup lookup;
    gpointer data;
} PstFirewallTrial;

/* Whether the rule is about this port or this source, and not about all that is left. */
gboolean pst_firewall_undo_is_specific(const PstFilterRule *rule);

/* Fills in the finding's remedy, and its undo where one is certain: a specific rule is taken away;
 * before what denies the rest, a rule is put that accepts just this. */
void pst_firewall_undo(const PstFirewallTrial *trial, const PstFilterPlace *place,
                       PstFinding *finding);
