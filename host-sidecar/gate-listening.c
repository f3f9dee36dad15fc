// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-listening.h"

#include <string.h>

/* A socket of IPv6 that is bound to an address of IPv4 (RFC 4291, 2.5.5.2), as inet_ntop(3) has it:
 * nobody but IPv4 comes to it. */
#define MAPPED "::ffff:"
/* Of a link's own address, which nobody comes to from elsewhere. */
#define LINK_LOCAL "fe80:"

static const char *
plain(const char *address)
{
    return g_str_has_prefix(address, MAPPED) && strchr(address, '.') != NULL
               ? address + strlen(MAPPED)
               : address;
}

gboolean
pst_gate_listening_is_loopback(const char *address)
{
    return address != NULL &&
           (g_str_has_prefix(plain(address), "127.") || g_str_equal(address, "::1"));
}

/* ---- the sockets of a port, over one version of IP ---- */

typedef struct {
    PstTri all;        /* one takes whatever address of the guest's is come to */
    GPtrArray *single; /* of strings, borrowed: addresses that have one of their own */
} Sockets;

static void
clear_sockets(Sockets *sockets)
{
    g_clear_pointer(&sockets->single, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sockets, clear_sockets)

/* Whether a socket with that address is for all of the guest's. */
static PstTri
is_for_all(const PstNetworkListening *row, gboolean six)
{
    if (row->address == NULL)
        return PST_TRI_YES;
    if (!g_str_equal(row->address, "::"))
        return PST_TRI(!six && g_str_equal(plain(row->address), "0.0.0.0"));
    if (six || row->ipv6_only == PST_TRI_NO)
        return PST_TRI_YES;
    return row->ipv6_only == PST_TRI_YES ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

static gboolean
is_single(const char *address, gboolean six)
{
    return address != NULL && !g_str_equal(address, "::") &&
           !g_str_equal(plain(address), "0.0.0.0") && !pst_gate_listening_is_loopback(address) &&
           (strchr(plain(address), ':') != NULL) == six;
}

static Sockets
find_sockets(const PstNetworkData *data, gint64 port, const char *protocol, gboolean six)
{
    Sockets sockets = {PST_TRI_NO, g_ptr_array_new()};

    for (guint i = 0; data->listening != NULL && i < data->listening->len; i++) {
        const PstNetworkListening *row = data->listening->pdata[i];

        if (row->port != port || g_strcmp0(row->protocol, protocol) != 0)
            continue;
        PstTri all = is_for_all(row, six);
        if (all == PST_TRI_YES || sockets.all == PST_TRI_NO)
            sockets.all = all;
        if (is_single(row->address, six))
            g_ptr_array_add(sockets.single, (gpointer)plain(row->address));
    }
    return sockets;
}

static gboolean
has_single(const Sockets *sockets, const char *address)
{
    return g_ptr_array_find_with_equal_func(sockets->single, address, g_str_equal, NULL);
}

PstTri
pst_gate_listening_over(const PstNetworkData *data, gint64 port, const char *protocol, gboolean six)
{
    g_auto(Sockets) sockets = find_sockets(data, port, protocol, six);

    return sockets.single->len > 0 ? PST_TRI_YES : sockets.all;
}

/* ---- the guest's addresses ---- */

/* Of all its interfaces but the loopback's; of strings without a prefix length, owned. NULL where
 * none is told. */
static GPtrArray *
addresses_of(const PstNetworkData *data, gboolean six)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    gboolean told = FALSE;

    for (guint i = 0; data->links != NULL && i < data->links->len; i++) {
        const PstNetworkLink *link = data->links->pdata[i];

        for (guint j = 0; link->addresses != NULL && link->addresses[j] != NULL; j++) {
            g_autofree char *address =
                g_strndup(link->addresses[j], strcspn(link->addresses[j], "/"));

            told = TRUE;
            if ((strchr(address, ':') != NULL) == six && !g_str_has_prefix(address, LINK_LOCAL) &&
                !pst_gate_listening_is_loopback(address))
                g_ptr_array_add(addresses, g_steal_pointer(&address));
        }
    }
    return told ? g_steal_pointer(&addresses) : NULL;
}

static gboolean
has_address(const GPtrArray *addresses, const char *address)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)addresses, address, g_str_equal, NULL);
}

/* ---- what became of it ---- */

typedef struct {
    const Sockets *were, *are;
    const GPtrArray *had, *has; /* the guest's addresses; NULL: not told */
} Change;

static PstGateListeningFate
unsure(char **at, const char *why)
{
    g_free(*at);
    *at = g_strdup(why);
    return PST_GATE_LISTENING_UNSURE;
}

static PstGateListeningFate
lost_at(char **at, const char *address)
{
    g_free(*at);
    *at = g_strdup(address);
    return PST_GATE_LISTENING_LOST_AT;
}

/* All of the guest's addresses were listened on, and some are. */
static PstGateListeningFate
fate_of_all(const Change *change, char **at)
{
    if (change->had == NULL || change->has == NULL)
        return unsure(at, "it was at all addresses, and is at some; the guest's are not known");
    for (guint i = 0; i < change->has->len; i++) {
        const char *address = change->has->pdata[i];

        if (has_address(change->had, address) && !has_single(change->are, address))
            return lost_at(at, address);
    }
    return PST_GATE_LISTENING_KEPT;
}

/* Whether an address that the guest did not have is listened on: what listened on one that is gone
 * has followed it. */
static gboolean
has_followed(const Change *change)
{
    for (guint i = 0; i < change->are->single->len; i++)
        if (!has_address(change->had, change->are->single->pdata[i]))
            return TRUE;
    return FALSE;
}

/* The socket for ADDRESS is gone. */
static PstGateListeningFate
fate_of_one(const Change *change, const char *address, char **at)
{
    if (change->has != NULL && has_address(change->has, address))
        return lost_at(at, address);
    if (change->are->single->len == 0)
        return PST_GATE_LISTENING_LOST;
    if (change->had != NULL && change->has != NULL && has_followed(change))
        return PST_GATE_LISTENING_KEPT;
    return unsure(at, "it is at another address than it was");
}

static PstGateListeningFate
fate_of_single(const Change *change, char **at)
{
    PstGateListeningFate worst = PST_GATE_LISTENING_KEPT;

    for (guint i = 0; i < change->were->single->len; i++) {
        const char *address = change->were->single->pdata[i];

        if (has_single(change->are, address))
            continue;
        g_autofree char *of_one = NULL;
        PstGateListeningFate one = fate_of_one(change, address, &of_one);
        if (one <= worst)
            continue;
        worst = one;
        g_free(*at);
        *at = g_steal_pointer(&of_one);
    }
    return worst;
}

static PstGateListeningFate
fate(const Change *change, char **at)
{
    const Sockets *were = change->were, *are = change->are;

    if (are->all == PST_TRI_YES || (were->all == PST_TRI_NO && were->single->len == 0))
        return PST_GATE_LISTENING_KEPT;
    /* It was not told of the socket on "::", and is not: nothing else is gone. */
    if (are->all == PST_TRI_UNKNOWN && were->all == PST_TRI_UNKNOWN)
        return fate_of_single(change, at) > PST_GATE_LISTENING_KEPT
                   ? unsure(at, "whether what listens on :: takes IPv4 is not told")
                   : PST_GATE_LISTENING_KEPT;
    if (are->all == PST_TRI_UNKNOWN)
        return were->all == PST_TRI_NO && fate_of_single(change, at) == PST_GATE_LISTENING_KEPT
                   ? PST_GATE_LISTENING_KEPT
                   : unsure(at, "whether what listens on :: takes IPv4 is not told");
    if (were->all == PST_TRI_UNKNOWN)
        return unsure(at, "the baseline does not tell whether what listened on :: took IPv4");
    if (were->all == PST_TRI_NO)
        return fate_of_single(change, at);
    return are->single->len > 0 ? fate_of_all(change, at) : PST_GATE_LISTENING_LOST;
}

PstGateListeningFate
pst_gate_listening_fate(const PstNetworkData *former, const PstNetworkData *now, gint64 port,
                        const char *protocol, gboolean six, char **at)
{
    g_auto(Sockets) were = find_sockets(former, port, protocol, six);
    g_auto(Sockets) are = find_sockets(now, port, protocol, six);
    g_autoptr(GPtrArray) had = addresses_of(former, six);
    g_autoptr(GPtrArray) has = addresses_of(now, six);
    const Change change = {&were, &are, had, has};

    *at = NULL;
    return fate(&change, at);
}
