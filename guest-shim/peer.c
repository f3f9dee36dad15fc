// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/peer.h"

#include <arpa/inet.h>
#include <string.h>

#define LOOPBACK_4 127
#define LOOPBACK_4_BITS 8
#define BYTE_BITS 8
#define MAPPED 12 /* where the IPv4 address in an IPv6 one begins */

static gboolean
parse(const char *address, PstPeer *peer)
{
    g_autofree char *text = g_strndup(address, strcspn(address, "%"));

    peer->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(peer->family, text, peer->bytes) != 1)
        return FALSE;
    if (peer->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)peer->bytes)) {
        peer->family = AF_INET;
        memmove(peer->bytes, peer->bytes + MAPPED, sizeof(struct in_addr));
    }
    peer->known = TRUE;
    return inet_ntop(peer->family, peer->bytes, peer->text, sizeof(peer->text)) != NULL;
}

guint
pst_peer_list(const char *address, PstPeer peers[PST_PEER_MAX])
{
    memset(peers, 0, sizeof(peers[0]) * PST_PEER_MAX);
    if (address != NULL && parse(address, &peers[0]))
        return 1;
    peers[0] = (PstPeer){.family = AF_INET};
    peers[1] = (PstPeer){.family = AF_INET6};
    return PST_PEER_MAX;
}

static gboolean
have_same_bits(const guint8 *a, const guint8 *b, guint bits)
{
    guint whole = bits / BYTE_BITS, rest = bits % BYTE_BITS;

    return memcmp(a, b, whole) == 0 &&
           (rest == 0 || ((a[whole] ^ b[whole]) >> (BYTE_BITS - rest)) == 0);
}

static gboolean
is_loopback(int family, const guint8 *net, guint bits)
{
    if (family == AF_INET)
        return net[0] == LOOPBACK_4 && bits >= LOOPBACK_4_BITS;
    return bits == sizeof(in6addr_loopback) * BYTE_BITS &&
           memcmp(net, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

PstTri
pst_peer_is_within(const PstPeer *peer, int family, const guint8 *net, guint bits)
{
    if (peer->family != family)
        return PST_TRI_NO;
    if (peer->known)
        return PST_TRI(have_same_bits(peer->bytes, net, bits));
    if (bits == 0)
        return PST_TRI_YES;
    return is_loopback(family, net, bits) ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

PstTri
pst_peer_agree(PstTri a, PstTri b)
{
    return a == b ? a : PST_TRI_UNKNOWN;
}
