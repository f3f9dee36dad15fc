// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netinet/in.h>

#include <glib.h>

#include "protocol/fields.h"

/* Who comes to a server: an address, or whoever comes from outside of the guest by a family of
 * addresses, which is nobody of the loopback's own. */

typedef struct {
    int family; /* AF_INET or AF_INET6 */
    gboolean known;
    guint8 bytes[sizeof(struct in6_addr)]; /* where known, in the network's order */
    char text[INET6_ADDRSTRLEN];           /* where known, as inet_ntop(3) writes it */
} PstPeer;

#define PST_PEER_MAX 2

/* The one peer that ADDRESS names, in numbers, with or without a zone; an IPv4 address in IPv6
 * is that IPv4 address. Where it is NULL, or no address: whoever comes, of each family. Returns how
 * many there are. */
guint pst_peer_list(const char *address, PstPeer peers[PST_PEER_MAX]);

/* Whether it is of the first BITS bits of NET, an address of FAMILY; what NET has behind them does
 * not matter. BITS is at most the family's. */
PstTri pst_peer_is_within(const PstPeer *peer, int family, const guint8 *net, guint bits);

/* What holds for both of two peers: unknown where they differ. */
PstTri pst_peer_agree(PstTri a, PstTri b);
