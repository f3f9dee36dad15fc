// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/report-network.h"

/* Which links bring the guest onto a network. Those that only software made (docker0, virbr0, wg0)
 * are up, have a carrier and an address, and lead nowhere while the guest's card is off. */

typedef struct {
    const PstSysroot *sysroot;
    const GPtrArray *links; /* of PstNetworkLink, NULL for none */
    gboolean any_card;      /* else, as in a container, every link counts */
} PstNetworkUsable;

/* Borrows both. */
PstNetworkUsable pst_network_usable_new(const PstSysroot *sysroot, const GPtrArray *links);

/* Whether the link is a card or stands on one: a bond, a bridge or a team through its ports, a VLAN
 * through its parent (/sys/class/net/X/device, and master and lower_*, which the kernel's
 * net/core/dev.c makes of every such pair). Never loopback. */
gboolean pst_network_usable_counts(const PstNetworkUsable *usable, const PstNetworkLink *link);

/* Whether it counts, and is up and has a carrier, it and what it stands on; and, where
 * ADDRESSES_KNOWN, has an address. */
gboolean pst_network_usable_is(const PstNetworkUsable *usable, const PstNetworkLink *link,
                               gboolean addresses_known);

/* Whether the link is a port of another one, which has the address. */
gboolean pst_network_usable_is_port(const PstNetworkUsable *usable, const PstNetworkLink *link);

/* Whether an address, as 192.0.2.7/24, was given to the guest: a link-local one (RFC 3927, RFC
 * 4291) it gave itself. */
gboolean pst_network_usable_address(const char *address);

/* Whether the link has one. */
gboolean pst_network_usable_has_address(const PstNetworkLink *link);
