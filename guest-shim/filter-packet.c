// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/filter-packet.h"

#include <arpa/inet.h>
#include <string.h>

#define TCP_SYN 0x02
#define TCP_ACK 0x10
#define NFPROTO_4 2 /* linux/netfilter.h */
#define NFPROTO_6 10
#define TYPE_LOCAL 2   /* RTN_LOCAL of linux/rtnetlink.h */
#define TYPE_UNICAST 1 /* RTN_UNICAST */

static void
clear_range(gpointer data)
{
    g_free(((PstFilterRange *)data)->name);
}

static PstFilterRange *
add(PstFilterPacket *packet, PstFilterKey key)
{
    const PstFilterRange range = {.name = NULL};

    g_array_append_val(packet->values[key], range);
    return &g_array_index(packet->values[key], PstFilterRange, packet->values[key]->len - 1);
}

static void
add_numbers(PstFilterPacket *packet, PstFilterKey key, guint64 low, guint64 high)
{
    pst_filter_rules_set_numbers(add(packet, key), low, high);
}

/* Where a packet can come from that arrives from outside: neither "this host" nor loopback nor
 * multicast (RFC 6890, RFC 4291). */
static void
add_outside(PstFilterPacket *packet, PstFilterKey key)
{
    static const char *const four[][2] = {{"1.0.0.0", "126.255.255.255"},
                                          {"128.0.0.0", "223.255.255.255"}};
    static const char *const six[][2] = {{"64:ff9b::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
    gboolean is_six = packet->six;
    guint n = is_six ? G_N_ELEMENTS(six) : G_N_ELEMENTS(four);

    for (guint i = 0; i < n; i++)
        pst_filter_rules_set_addresses(add(packet, key), is_six ? six[i][0] : four[i][0],
                                       is_six ? six[i][1] : four[i][1], is_six);
}

static gboolean
add_peer(PstFilterPacket *packet, PstFilterKey key, const char *address)
{
    if (address != NULL)
        return pst_filter_rules_set_addresses(add(packet, key), address, address, packet->six);
    add_outside(packet, key);
    return TRUE;
}

static void
add_own(PstFilterPacket *packet, PstFilterKey key, const char *const *own)
{
    if (own == NULL || own[0] == NULL) {
        add_outside(packet, key);
        return;
    }
    for (guint i = 0; own[i] != NULL; i++)
        if (!pst_filter_rules_set_addresses(add(packet, key), own[i], own[i], packet->six))
            g_array_set_size(packet->values[key], packet->values[key]->len - 1);
}

static void
add_links(PstFilterPacket *packet, PstFilterKey key, const char *const *links)
{
    static const char *const any[] = {"*", NULL};

    for (const char *const *link = links != NULL && links[0] != NULL ? links : any; *link != NULL;
         link++)
        add(packet, key)->name = g_strdup(*link);
}

static void
add_transport(PstFilterPacket *packet, const PstFilterQuestion *question)
{
    PstFilterKey here = question->reply ? PST_FILTER_SPORT : PST_FILTER_DPORT;
    PstFilterKey there = question->reply ? PST_FILTER_DPORT : PST_FILTER_SPORT;
    guint64 flags = question->later ? TCP_ACK : question->reply ? TCP_SYN | TCP_ACK : TCP_SYN;

    add_numbers(packet, PST_FILTER_L4PROTO, question->protocol, question->protocol);
    add_numbers(packet, here, question->port, question->port);
    add_numbers(packet, there, 1024, 65535);
    if (question->protocol == IPPROTO_TCP)
        add_numbers(packet, PST_FILTER_TCP_FLAGS, flags, flags);
}

static void
add_state(PstFilterPacket *packet, const PstFilterQuestion *question)
{
    gboolean first = !question->reply && !question->later;
    guint64 state = first ? PST_FILTER_CT_NEW : PST_FILTER_CT_ESTABLISHED;
    guint64 type = question->reply ? TYPE_UNICAST : TYPE_LOCAL;

    add_numbers(packet, PST_FILTER_CT_STATE, state, state);
    add_numbers(packet, PST_FILTER_CT_STATUS, 0, 0);
    /* Where there is no entry yet the state is "invalid", and nothing else can be asked
     * (nft_ct_get_eval() of the kernel's nft_ct.c). */
    g_array_set_size(packet->early_state, 1);
    pst_filter_rules_set_numbers(&g_array_index(packet->early_state, PstFilterRange, 0),
                                 PST_FILTER_CT_INVALID, PST_FILTER_CT_INVALID);
    add_numbers(packet, PST_FILTER_PKTTYPE, 0, 0); /* PACKET_HOST */
    add_numbers(packet, PST_FILTER_DTYPE, type, type);
}

PstFilterPacket *
pst_filter_packet_new(const PstFilterQuestion *question)
{
    g_autoptr(PstFilterPacket) packet = g_new0(PstFilterPacket, 1);
    PstFilterKey source = question->six ? PST_FILTER_SADDR6 : PST_FILTER_SADDR4;
    PstFilterKey destination = question->six ? PST_FILTER_DADDR6 : PST_FILTER_DADDR4;
    guint64 family = question->six ? NFPROTO_6 : NFPROTO_4;

    packet->six = question->six;
    packet->reply = question->reply;
    packet->first = !question->reply && !question->later;
    for (guint i = 0; i < PST_FILTER_N_KEYS; i++) {
        packet->values[i] = g_array_new(FALSE, TRUE, sizeof(PstFilterRange));
        g_array_set_clear_func(packet->values[i], clear_range);
    }
    packet->early_state = g_array_new(FALSE, TRUE, sizeof(PstFilterRange));
    packet->early_status = g_array_new(FALSE, TRUE, sizeof(PstFilterRange));
    if (!add_peer(packet, question->reply ? destination : source, question->from))
        return NULL;
    add_own(packet, question->reply ? source : destination, question->own);
    add_links(packet, question->reply ? PST_FILTER_OIF : PST_FILTER_IIF, question->links);
    add_numbers(packet, PST_FILTER_NFPROTO, family, family);
    add_transport(packet, question);
    add_state(packet, question);
    return g_steal_pointer(&packet);
}

void
pst_filter_packet_free(PstFilterPacket *packet)
{
    for (guint i = 0; i < PST_FILTER_N_KEYS; i++)
        if (packet->values[i] != NULL)
            g_array_unref(packet->values[i]);
    g_array_unref(packet->early_state);
    g_array_unref(packet->early_status);
    g_free(packet);
}

void
pst_filter_packet_untrack(PstFilterPacket *packet, gboolean certain)
{
    if (certain)
        g_array_set_size(packet->values[PST_FILTER_CT_STATE], 0);
    if (packet->values[PST_FILTER_CT_STATE]->len < 2)
        add_numbers(packet, PST_FILTER_CT_STATE, PST_FILTER_CT_UNTRACKED, PST_FILTER_CT_UNTRACKED);
}

/* Only the rule's name can be a pattern; "*" as the packet's stands for a link nobody could name,
 * but not for loopback: that is never the way in from outside. */
static PstFilterTruth
match_name(const char *value, const char *pattern)
{
    gsize length = strlen(pattern);

    if (pattern[length > 0 ? length - 1 : 0] == '*')
        length--;
    else
        length++;
    if (g_str_equal(value, "*")) {
        if (length == 0)
            return PST_FILTER_YES;
        return g_str_equal(pattern, "lo") ? PST_FILTER_NO : PST_FILTER_MAYBE;
    }
    return strncmp(value, pattern, length) == 0 ? PST_FILTER_YES : PST_FILTER_NO;
}

static PstFilterTruth
match_one(const PstFilterRange *value, const PstFilterRange *range)
{
    if (value->name != NULL || range->name != NULL)
        return value->name != NULL && range->name != NULL ? match_name(value->name, range->name)
                                                          : PST_FILTER_NO;
    if (memcmp(value->high, range->low, 16) < 0 || memcmp(value->low, range->high, 16) > 0)
        return PST_FILTER_NO;
    return memcmp(value->low, range->low, 16) >= 0 && memcmp(value->high, range->high, 16) <= 0
               ? PST_FILTER_YES
               : PST_FILTER_MAYBE;
}

static const GArray *
values_of(const PstFilterPacket *packet, PstFilterKey key)
{
    if (packet->early && key == PST_FILTER_CT_STATE)
        return packet->early_state;
    return packet->early && key == PST_FILTER_CT_STATUS ? packet->early_status
                                                        : packet->values[key];
}

/* All of one mind, or nobody knows. */
static PstFilterTruth
join(PstFilterTruth so_far, PstFilterTruth next, guint i)
{
    return i == 0 || so_far == next ? next : PST_FILTER_MAYBE;
}

PstFilterTruth
pst_filter_packet_in(const PstFilterPacket *packet, PstFilterKey key, const PstFilterRange *range)
{
    const GArray *values = values_of(packet, key);
    PstFilterTruth truth = PST_FILTER_NO;

    for (guint i = 0; i < values->len; i++)
        truth = join(truth, match_one(&g_array_index(values, PstFilterRange, i), range), i);
    return truth;
}

static guint64
number_of(const guint8 *bytes)
{
    guint64 number = 0;

    for (guint i = 8; i < 16; i++)
        number = number << 8 | bytes[i];
    return number;
}

PstFilterTruth
pst_filter_packet_masked(const PstFilterPacket *packet, PstFilterKey key, guint64 mask,
                         const PstFilterRange *range)
{
    const GArray *values = values_of(packet, key);
    PstFilterTruth truth = PST_FILTER_NO;

    for (guint i = 0; i < values->len; i++) {
        const PstFilterRange *value = &g_array_index(values, PstFilterRange, i);
        guint64 left = number_of(value->low) & mask;
        PstFilterRange bits = {.name = NULL};

        pst_filter_rules_set_numbers(&bits, left, left);
        if (memcmp(value->low, value->high, 16) != 0)
            return PST_FILTER_MAYBE;
        PstFilterTruth next = range != NULL ? match_one(&bits, range)
                              : left != 0   ? PST_FILTER_YES
                                            : PST_FILTER_NO;
        truth = join(truth, next, i);
    }
    return truth;
}

gboolean
pst_filter_packet_has(const PstFilterPacket *packet, PstFilterKey key)
{
    return values_of(packet, key)->len > 0;
}

char *
pst_filter_packet_word(const PstFilterPacket *packet, PstFilterKey key)
{
    char text[INET6_ADDRSTRLEN];

    if (key >= PST_FILTER_N_KEYS || packet->values[key]->len != 1)
        return NULL;
    const PstFilterRange *value = &g_array_index(packet->values[key], PstFilterRange, 0);
    if (value->name != NULL)
        return g_str_equal(value->name, "*") ? NULL : g_strdup(value->name);
    if (memcmp(value->low, value->high, 16) != 0)
        return NULL;
    switch (key) {
    case PST_FILTER_SADDR4:
    case PST_FILTER_DADDR4:
        return g_strdup(inet_ntop(AF_INET, value->low + 12, text, sizeof(text)));
    case PST_FILTER_SADDR6:
    case PST_FILTER_DADDR6:
        return g_strdup(inet_ntop(AF_INET6, value->low, text, sizeof(text)));
    case PST_FILTER_SPORT:
    case PST_FILTER_DPORT:
    case PST_FILTER_L4PROTO:
        return g_strdup_printf("%" G_GUINT64_FORMAT, number_of(value->low));
    default:
        return NULL;
    }
}

guint
pst_filter_packet_reason(PstFilterKey key)
{
    switch (key) {
    case PST_FILTER_SADDR4:
    case PST_FILTER_SADDR6:
        return PST_FILTER_BY_SOURCE;
    case PST_FILTER_DADDR4:
    case PST_FILTER_DADDR6:
        return PST_FILTER_BY_DESTINATION;
    case PST_FILTER_IIF:
    case PST_FILTER_OIF:
        return PST_FILTER_BY_INTERFACE;
    case PST_FILTER_SPORT:
    case PST_FILTER_DPORT:
        return PST_FILTER_BY_SOURCE_PORT;
    case PST_FILTER_OPAQUE:
        return PST_FILTER_BY_OPAQUE;
    default:
        return PST_FILTER_BY_STATE;
    }
}
