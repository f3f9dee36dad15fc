// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-walk.h"
#include "guest-shim/firewall-scene.h"

/* What the rules do with a connection to each port of the scene, as verdicts and findings. */

/* The base chains into the report's data. */
void pst_firewall_judge_chains(const PstFilterRules *rules, PstFirewallData *data);

/* Verdicts and findings. RULES are as they were afterwards; while it runs, one is tried out. LOOKUP
 * and DATA are pst_filter_walk()'s. */
void pst_firewall_judge(PstFilterRules *rules, const PstFirewallScene *scene,
                        const PstFirewallArgs *args, PstFilterLookup lookup, gpointer data,
                        PstReport *report);
