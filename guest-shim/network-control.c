// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/network-control.h"

#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/netlink.h"
#include "protocol/shell-word.h"

#define MAX_ROWS 1000
#define MAX_KIND 32
#define ALL 100

/* A place whose filters are to be asked for. */
typedef struct {
    int link;
    guint32 parent;
} Place;

typedef struct {
    PstNetworkData *data;
    GArray *places; /* of Place; NULL: nobody asks for them */
} Reading;

static const guint32 ingress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
static const guint32 egress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);

/* A row of that kind, made where there is none; NULL where there are too many. */
static PstNetworkControl *
row_of(PstNetworkData *data, int link, const char *place, const char *kind)
{
    char name[IF_NAMESIZE];
    guint n = data->controls != NULL ? data->controls->len : 0;

    if (link <= 0 || if_indextoname((unsigned int)link, name) == NULL || n >= MAX_ROWS)
        return NULL;
    for (guint i = 0; i < n; i++) {
        PstNetworkControl *row = data->controls->pdata[i];

        if (g_str_equal(row->link, name) && g_str_equal(row->place, place) &&
            g_str_equal(row->kind, kind))
            return row;
    }
    PstNetworkControl *row = pst_fields_append(&pst_report_network_control_fields, &data->controls);
    row->link = g_strdup(name);
    row->place = g_strdup(place);
    row->kind = g_strdup(kind);
    return row;
}

static void
take_link(const guint8 *body, gsize len, PstNetworkData *data)
{
    PstNetlinkAttributes link, xdp;
    struct ifinfomsg head;

    if (!pst_netlink_attributes_behind(body, len, sizeof(head), &link) ||
        link.rows[IFLA_XDP] == NULL)
        return;
    memcpy(&head, body, sizeof(head));
    pst_netlink_attributes(RTA_DATA(link.rows[IFLA_XDP]), RTA_PAYLOAD(link.rows[IFLA_XDP]), &xdp);
    const struct rtattr *attached = xdp.rows[IFLA_XDP_ATTACHED];
    if (attached != NULL && RTA_PAYLOAD(attached) > 0 &&
        *(const guint8 *)RTA_DATA(attached) != XDP_ATTACHED_NONE)
        row_of(data, head.ifi_index, "xdp", "bpf");
}

/* Percent of a number that stands for a share of all 32-bit ones. */
static gint64
percent_of(guint32 share)
{
    return (gint64)(((guint64)share * ALL) / G_MAXUINT32);
}

/* netem's options are a struct with attributes behind it, and not attributes alone. A packet whose
 * content is spoilt is as good as lost. */
static void
take_netem(const struct rtattr *options, PstNetworkControl *row)
{
    struct tc_netem_qopt netem;
    struct tc_netem_corrupt corrupt = {0, 0};
    PstNetlinkAttributes more;

    if (options == NULL || !pst_netlink_attributes_behind(RTA_DATA(options), RTA_PAYLOAD(options),
                                                          sizeof(netem), &more))
        return;
    memcpy(&netem, RTA_DATA(options), sizeof(netem));
    const struct rtattr *spoils = more.rows[TCA_NETEM_CORRUPT];
    if (spoils != NULL && RTA_PAYLOAD(spoils) >= sizeof(corrupt))
        memcpy(&corrupt, RTA_DATA(spoils), sizeof(corrupt));
    row->models = PST_TRI(more.rows[TCA_NETEM_LOSS] != NULL);
    row->loss_percent = percent_of(MAX(netem.loss, corrupt.probability));
}

/* The name of a kind; NULL where it is none. Free with g_free(). */
static char *
kind_of(const PstNetlinkAttributes *attributes)
{
    const struct rtattr *row = attributes->rows[TCA_KIND];
    gsize len = row != NULL ? RTA_PAYLOAD(row) : 0;

    if (len == 0 || len > MAX_KIND || memchr(RTA_DATA(row), '\0', len) == NULL ||
        !g_utf8_validate(RTA_DATA(row), -1, NULL))
        return NULL;
    return g_strdup(RTA_DATA(row));
}

static void
take_queue(const Reading *reading, const struct tcmsg *head, const PstNetlinkAttributes *attributes,
           const char *kind)
{
    gboolean both = g_str_equal(kind, "clsact");

    if (g_str_equal(kind, "netem")) {
        PstNetworkControl *row = row_of(reading->data, head->tcm_ifindex,
                                        head->tcm_parent == TC_H_ROOT ? "root" : "class", kind);

        if (row != NULL)
            take_netem(attributes->rows[TCA_OPTIONS], row);
    } else if (g_str_equal(kind, "blackhole") && head->tcm_parent == TC_H_ROOT) {
        PstNetworkControl *row = row_of(reading->data, head->tcm_ifindex, "root", kind);

        if (row != NULL)
            row->loss_percent = ALL;
    } else if (reading->places != NULL && reading->places->len < MAX_ROWS &&
               (both || g_str_equal(kind, "ingress"))) {
        const Place places[] = {{head->tcm_ifindex, ingress}, {head->tcm_ifindex, egress}};

        g_array_append_vals(reading->places, places, both ? 2 : 1);
    }
}

static void
take(guint16 type, const guint8 *body, gsize len, gpointer data)
{
    const Reading *reading = data;
    PstNetlinkAttributes attributes;
    struct tcmsg head;

    if (type == RTM_NEWLINK)
        take_link(body, len, reading->data);
    if ((type != RTM_NEWQDISC && type != RTM_NEWTFILTER) ||
        !pst_netlink_attributes_behind(body, len, sizeof(head), &attributes))
        return;
    memcpy(&head, body, sizeof(head));
    g_autofree char *kind = kind_of(&attributes);
    if (kind == NULL)
        return;
    /* A chain of filters has a message of its own, without options. */
    if (type == RTM_NEWQDISC)
        take_queue(reading, &head, &attributes, kind);
    else if (attributes.rows[TCA_OPTIONS] != NULL)
        row_of(reading->data, head.tcm_ifindex, head.tcm_parent == egress ? "egress" : "ingress",
               kind);
}

gboolean
pst_network_control_parse(const guint8 *bytes, gsize len, PstNetworkData *data)
{
    Reading reading = {data, NULL};

    return pst_netlink_parse(bytes, len, take, &reading);
}

gboolean
pst_network_control_read(PstNetworkData *data, GError **error)
{
    const struct ifinfomsg links = {.ifi_family = AF_UNSPEC};
    const struct tcmsg queues = {.tcm_family = AF_UNSPEC};
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
    Reading reading = {data, places};
    int fd = pst_netlink_open(error);

    if (fd < 0)
        return FALSE;
    gboolean done =
        pst_netlink_dump(fd, RTM_GETLINK, &links, sizeof(links), take, &reading, error) &&
        pst_netlink_dump(fd, RTM_GETQDISC, &queues, sizeof(queues), take, &reading, error);
    for (guint i = 0; done && i < places->len; i++) {
        const Place *place = &g_array_index(places, Place, i);
        const struct tcmsg filters = {
            .tcm_family = AF_UNSPEC,
            .tcm_ifindex = place->link,
            .tcm_parent = place->parent,
        };

        done =
            pst_netlink_dump(fd, RTM_GETTFILTER, &filters, sizeof(filters), take, &reading, error);
    }
    close(fd);
    return done;
}

/* ---- what it means ---- */

static gboolean
counts(const PstNetworkLink *link)
{
    return link->loopback != PST_TRI_YES && link->addresses != NULL && link->addresses[0] != NULL;
}

/* NULL where it is none that anybody comes by; *only: there is no other. */
static const PstNetworkLink *
find_link(const PstNetworkData *data, const char *name, gboolean *only)
{
    const PstNetworkLink *found = NULL;
    guint n = 0;

    for (guint i = 0; data->links != NULL && i < data->links->len; i++) {
        const PstNetworkLink *link = data->links->pdata[i];

        n += counts(link);
        if (counts(link) && g_strcmp0(link->name, name) == 0)
            found = link;
    }
    *only = n == 1;
    return found;
}

static void
blame_loss(const PstNetworkControl *row, gboolean only, PstReport *report)
{
    gboolean all = row->loss_percent == ALL && g_str_equal(row->place, "root");
    gboolean models = row->models == PST_TRI_YES;
    PstFinding *finding;

    if (!models && row->loss_percent < 1)
        return;
    g_autofree char *share =
        models ? g_strdup("packets at random")
               : g_strdup_printf("%" G_GINT64_FORMAT " %% of the packets", row->loss_percent);
    finding = pst_report_add(report, "network.packets-lost",
                             all && only ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                             "%s loses %s that are to leave by %s", row->kind, share, row->link);
    finding->evidence->text = g_strdup_printf("qdisc %s dev %s", row->kind, row->link);
    finding->evidence->source = g_strdup("rtnetlink");
    g_autofree char *word = pst_shell_word(row->link);
    finding->remedy = g_strdup_printf("tc qdisc del dev %s root", word);
    if (!g_str_equal(row->place, "root"))
        return;
    const char *const argv[] = {"tc", "qdisc", "del", "dev", row->link, "root", NULL};
    pst_report_undo(finding, PST_UNDO_ARGV)->argv = g_strdupv((char **)argv);
}

static void
tell_filter(const PstNetworkControl *row, PstReport *report)
{
    gboolean xdp = g_str_equal(row->place, "xdp");
    PstFinding *finding = pst_report_add(
        report, "network.packets-filtered", PST_SEVERITY_INFORMATION,
        xdp ? "an XDP program sees each packet that comes in by %s first, and can drop it"
            : "filters of traffic control see each packet at %s, and can drop it",
        row->link);

    finding->evidence->text =
        xdp ? g_strdup_printf("xdp dev %s", row->link)
            : g_strdup_printf("filter %s dev %s %s", row->kind, row->link, row->place);
    finding->evidence->source = g_strdup("rtnetlink");
    g_autofree char *word = pst_shell_word(row->link);
    finding->remedy =
        xdp ? g_strdup_printf("where it is not wanted: ip link set dev %s xdp off", word)
            : g_strdup_printf("where they are not wanted: tc filter del dev %s %s", word,
                              row->place);
}

void
pst_network_control_judge(PstReport *report)
{
    const PstNetworkData *data = report->data;

    for (guint i = 0; data->controls != NULL && i < data->controls->len; i++) {
        const PstNetworkControl *row = data->controls->pdata[i];
        gboolean only;

        if (find_link(data, row->link, &only) == NULL)
            continue;
        if (g_str_equal(row->place, "root") || g_str_equal(row->place, "class"))
            blame_loss(row, only, report);
        else
            tell_filter(row, report);
    }
}
