// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/address-filter.h"

#include <arpa/inet.h>
#include <string.h>

#include "guest-shim/peer.h"

#define MAX_BITS_4 32
#define MAX_BITS_6 128

/* systemd.resource-control(5). */
static const struct {
    const char *word;
    const char *prefixes[2];
} names[] = {
    {"any", {"0.0.0.0/0", "::/0"}},
    {"localhost", {"127.0.0.0/8", "::1/128"}},
    {"link-local", {"169.254.0.0/16", "fe80::/64"}},
    {"multicast", {"224.0.0.0/4", "ff00::/8"}},
};

/* An address, or one with the length of a prefix behind it, whatever bits it has beyond that:
 * systemd takes 10.0.3.2/24 for 10.0.3.0/24. What is no prefix it leaves out. */
static PstTri
match_prefix(const char *prefix, const PstPeer *peer)
{
    g_auto(GStrv) parts = g_strsplit(prefix, "/", 2);
    int family = strchr(prefix, ':') != NULL ? AF_INET6 : AF_INET;
    guint64 bits = family == AF_INET6 ? MAX_BITS_6 : MAX_BITS_4;
    guint8 net[sizeof(struct in6_addr)] = {0};

    if (parts[0] == NULL || inet_pton(family, parts[0], net) != 1 ||
        (parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &bits, NULL)))
        return PST_TRI_NO;
    return pst_peer_is_within(peer, family, net, (guint)bits);
}

static PstTri
match_word(const char *word, const PstPeer *peer)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_equal(word, names[i].word))
            continue;
        /* One of them is of the other family. */
        PstTri first = match_prefix(names[i].prefixes[0], peer);
        return first != PST_TRI_NO ? first : match_prefix(names[i].prefixes[1], peer);
    }
    return match_prefix(word, peer);
}

/* The best of all words; *PLACE has the value that has it. */
static PstTri
match(const GPtrArray *values, const PstPeer *peer, const PstUnitFileValue **place)
{
    PstTri found = PST_TRI_NO;

    for (guint i = 0; i < values->len; i++) {
        const PstUnitFileValue *value = values->pdata[i];
        g_auto(GStrv) words = g_strsplit_set(value->value, " \t", -1);

        for (guint j = 0; words[j] != NULL; j++) {
            PstTri one = words[j][0] != '\0' ? match_word(words[j], peer) : PST_TRI_NO;

            if (found == PST_TRI_YES || one == PST_TRI_NO ||
                (one == PST_TRI_UNKNOWN && found == PST_TRI_UNKNOWN))
                continue;
            found = one;
            *place = value;
        }
    }
    return found;
}

static PstTri
let_pass(const GPtrArray *allow, const GPtrArray *deny, const PstPeer *peer,
         const PstUnitFileValue **place)
{
    const PstUnitFileValue *allowing = NULL;
    PstTri allowed = match(allow, peer, &allowing);
    PstTri denied = PST_TRI_NO;

    if (allowed != PST_TRI_YES)
        denied = match(deny, peer, place);
    if (denied == PST_TRI_NO)
        return PST_TRI_YES;
    return denied == PST_TRI_YES && allowed == PST_TRI_NO ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

PstTri
pst_address_filter_passes(const GPtrArray *allow, const GPtrArray *deny, const char *address,
                          const PstUnitFileValue **place)
{
    PstPeer peers[PST_PEER_MAX];
    guint n_peers = pst_peer_list(address, peers);
    PstTri passes = PST_TRI_UNKNOWN;

    *place = NULL;
    for (guint i = 0; i < n_peers; i++) {
        const PstUnitFileValue *found = NULL;
        PstTri one = let_pass(allow, deny, &peers[i], &found);

        passes = i == 0 ? one : pst_peer_agree(passes, one);
        if (*place == NULL)
            *place = found;
    }
    return passes;
}
