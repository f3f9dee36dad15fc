// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/network-netlink.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-shim/netlink.h"

#define MAX_ROWS 1000

static gboolean
is_family(int family)
{
    return family == AF_INET || family == AF_INET6;
}

/* The address in an attribute; NULL for one that is absent or of another length. */
static char *
address_of(const PstNetlinkAttributes *attributes, guint type, int family)
{
    const struct rtattr *row = attributes->rows[type];
    gsize size = family == AF_INET ? 4 : 16;
    char text[INET6_ADDRSTRLEN];

    if (row == NULL || row->rta_len < RTA_LENGTH(size))
        return NULL;
    return g_strdup(inet_ntop(family, RTA_DATA(row), text, sizeof(text)));
}

static gint64
number_of(const PstNetlinkAttributes *attributes, guint type, gint64 otherwise)
{
    const struct rtattr *row = attributes->rows[type];
    guint32 number;

    if (row == NULL || row->rta_len < RTA_LENGTH(sizeof(number)))
        return otherwise;
    memcpy(&number, RTA_DATA(row), sizeof(number));
    return number;
}

static const char *
state_name(guint16 state)
{
    static const struct {
        guint16 state;
        const char *name;
    } names[] = {{NUD_REACHABLE, "reachable"},   {NUD_STALE, "stale"},         {NUD_DELAY, "delay"},
                 {NUD_PROBE, "probe"},           {NUD_PERMANENT, "permanent"}, {NUD_NOARP, "noarp"},
                 {NUD_INCOMPLETE, "incomplete"}, {NUD_FAILED, "failed"}};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if ((state & names[i].state) != 0)
            return names[i].name;
    return "none";
}

static char *
mac_of(const PstNetlinkAttributes *attributes)
{
    const struct rtattr *row = attributes->rows[NDA_LLADDR];

    if (row == NULL || row->rta_len < RTA_LENGTH(6))
        return NULL;
    const guint8 *bytes = RTA_DATA(row);
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                           bytes[4], bytes[5]);
}

/* Those of multicast and loopback, which need no answer, are left out. */
static void
add_neighbour(const guint8 *bytes, gsize len, PstNetworkData *data)
{
    struct ndmsg head;
    char name[IF_NAMESIZE];
    PstNetlinkAttributes attributes;

    if (!pst_netlink_attributes_behind(bytes, len, sizeof(head), &attributes))
        return;
    memcpy(&head, bytes, sizeof(head));
    g_autofree char *address =
        is_family(head.ndm_family) ? address_of(&attributes, NDA_DST, head.ndm_family) : NULL;
    if (address == NULL || (head.ndm_state & NUD_NOARP) != 0 ||
        (data->neighbours != NULL && data->neighbours->len >= MAX_ROWS))
        return;
    PstNetworkNeighbour *row =
        pst_fields_append(&pst_report_network_neighbour_fields, &data->neighbours);
    row->address = g_steal_pointer(&address);
    row->link = g_strdup(if_indextoname((unsigned int)head.ndm_ifindex, name));
    row->mac = mac_of(&attributes);
    row->state = g_strdup(state_name(head.ndm_state));
}

static const char *
action_name(guint8 action)
{
    switch (action) {
    case FR_ACT_TO_TBL:
        return "lookup";
    case FR_ACT_BLACKHOLE:
        return "blackhole";
    case FR_ACT_UNREACHABLE:
        return "unreachable";
    case FR_ACT_PROHIBIT:
        return "prohibit";
    default:
        return "other";
    }
}

static char *
prefix_of(const PstNetlinkAttributes *attributes, guint type, int family, guint length)
{
    g_autofree char *address = address_of(attributes, type, family);

    return address != NULL ? g_strdup_printf("%s/%u", address, length) : NULL;
}

/* The kernel's own say: look into the tables local, main and default (ip-rule(8)). */
static gboolean
is_own(gint64 priority, gint64 table)
{
    return (priority == 0 && table == RT_TABLE_LOCAL) ||
           (priority == 32766 && table == RT_TABLE_MAIN) ||
           (priority == 32767 && table == RT_TABLE_DEFAULT);
}

static void
add_rule(const guint8 *bytes, gsize len, PstNetworkData *data)
{
    struct fib_rule_hdr head;
    PstNetlinkAttributes attributes;

    if (!pst_netlink_attributes_behind(bytes, len, sizeof(head), &attributes))
        return;
    memcpy(&head, bytes, sizeof(head));
    gint64 priority = number_of(&attributes, FRA_PRIORITY, 0);
    gint64 table = number_of(&attributes, FRA_TABLE, head.table);
    if (!is_family(head.family) || is_own(priority, table) ||
        (data->rules != NULL && data->rules->len >= MAX_ROWS))
        return;
    PstNetworkRule *row = pst_fields_append(&pst_report_network_rule_fields, &data->rules);
    row->priority = priority;
    row->family = g_strdup(head.family == AF_INET ? "ipv4" : "ipv6");
    row->from = prefix_of(&attributes, FRA_SRC, head.family, head.src_len);
    row->to = prefix_of(&attributes, FRA_DST, head.family, head.dst_len);
    row->table = table;
    row->action = g_strdup(action_name(head.action));
}

static void
take(guint16 type, const guint8 *body, gsize len, gpointer data)
{
    if (type == RTM_NEWNEIGH)
        add_neighbour(body, len, data);
    else if (type == RTM_NEWRULE)
        add_rule(body, len, data);
}

gboolean
pst_network_netlink_parse(const guint8 *bytes, gsize len, PstNetworkData *data)
{
    return pst_netlink_parse(bytes, len, take, data);
}

gboolean
pst_network_netlink_read(PstNetworkData *data, GError **error)
{
    const struct rtgenmsg any = {AF_UNSPEC};
    int fd = pst_netlink_open(error);

    if (fd < 0)
        return FALSE;
    gboolean done = pst_netlink_dump(fd, RTM_GETNEIGH, &any, sizeof(any), take, data, error) &&
                    pst_netlink_dump(fd, RTM_GETRULE, &any, sizeof(any), take, data, error);
    close(fd);
    return done;
}
