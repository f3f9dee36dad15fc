// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-walk.h"
#include "guest-shim/firewall-scene.h"

/* What the rules do with each port that somebody listens on, in short, so that it can be held
 * against what they do later. */

/* Into data->listened: of all listening sockets, by /proc, but for the loopback's; 256 rows at
 * most. Named sets are not asked. Nothing where the tables can't be looked at. */
void pst_firewall_listened_tell(const PstProbeContext *context, const PstFilterRules *rules,
                                const PstFirewallScene *scene, const PstFirewallArgs *args,
                                PstFirewallData *data);

/* The same of one port; added where there is no such row. A pure function. */
void pst_firewall_listened_add(const PstFilterRules *rules, const PstFirewallScene *scene,
                               const PstFirewallArgs *args, int protocol,
                               const PstFirewallPort *port, PstFirewallData *data);

/* Of all rules without their counters, numbers and words for people. NULL where one looks into a
 * named set, which may hold something else later, or has something that is not modelled. Free with
 * g_free(). */
char *pst_firewall_listened_digest(const PstFilterRules *rules);
