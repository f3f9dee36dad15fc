// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/network-control.h"

#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Answers of rtnetlink, as the kernel puts them together; their link is the loopback, which every
 * machine has. */

#define LOOPBACK 1
#define MAX_MESSAGE 512

typedef struct {
    guint8 bytes[MAX_MESSAGE];
    gsize len;
} Message;

static void
begin(Message *message, guint16 type, gconstpointer body, gsize len)
{
    struct nlmsghdr *head = (void *)message->bytes;

    memset(message, 0, sizeof(*message));
    head->nlmsg_type = type;
    memcpy(message->bytes + NLMSG_HDRLEN, body, len);
    message->len = NLMSG_SPACE(len);
    head->nlmsg_len = (guint32)message->len;
}

static void
add(Message *message, guint16 type, gconstpointer data, gsize len)
{
    struct rtattr head = {(unsigned short)RTA_LENGTH(len), type};

    memcpy(message->bytes + message->len, &head, sizeof(head));
    memcpy(message->bytes + message->len + RTA_LENGTH(0), data, len);
    message->len += RTA_SPACE(len);
    ((struct nlmsghdr *)(void *)message->bytes)->nlmsg_len = (guint32)message->len;
}

static void
begin_control(Message *message, guint16 type, guint32 parent, const char *kind)
{
    const struct tcmsg body = {.tcm_ifindex = LOOPBACK, .tcm_parent = parent};

    begin(message, type, &body, sizeof(body));
    add(message, TCA_KIND, kind, strlen(kind) + 1);
}

/* With SPOILT as the share of packets whose content is spoilt, and a model of losses. */
static Message
netem(guint32 parent, guint32 loss, guint32 spoilt, gboolean model)
{
    struct {
        struct tc_netem_qopt netem;
        struct rtattr corrupt_head;
        struct tc_netem_corrupt corrupt;
        struct rtattr model_head;
    } options = {
        .netem = {.loss = loss},
        .corrupt_head = {RTA_LENGTH(sizeof(struct tc_netem_corrupt)), TCA_NETEM_CORRUPT},
        .corrupt = {.probability = spoilt},
        .model_head = {RTA_LENGTH(0), TCA_NETEM_LOSS},
    };
    Message message;

    begin_control(&message, RTM_NEWQDISC, parent, "netem");
    add(&message, TCA_OPTIONS, &options, sizeof(options) - (model ? 0 : RTA_LENGTH(0)));
    return message;
}

static Message
xdp(guint8 attached)
{
    const struct ifinfomsg body = {.ifi_index = LOOPBACK};
    struct {
        struct rtattr head;
        guint8 attached;
        guint8 padding[3];
    } inner = {{RTA_LENGTH(1), IFLA_XDP_ATTACHED}, attached, {0}};
    Message message;

    begin(&message, RTM_NEWLINK, &body, sizeof(body));
    add(&message, IFLA_XDP, &inner, sizeof(inner));
    return message;
}

static Message
filter(guint32 minor, gboolean whole)
{
    Message message;

    begin_control(&message, RTM_NEWTFILTER, TC_H_MAKE(TC_H_CLSACT, minor), "flower");
    if (whole)
        add(&message, TCA_OPTIONS, "", 0);
    return message;
}

/* "LINK PLACE KIND LOSS[ models]" of all rows, a line each. */
static char *
rows_of(const PstNetworkData *data)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; data->controls != NULL && i < data->controls->len; i++) {
        const PstNetworkControl *row = data->controls->pdata[i];

        g_string_append_printf(text, "%s %s %s", row->link, row->place, row->kind);
        if (row->loss_percent != PST_INT_UNKNOWN)
            g_string_append_printf(text, " %" G_GINT64_FORMAT, row->loss_percent);
        g_string_append_printf(text, "%s\n", row->models == PST_TRI_YES ? " models" : "");
    }
    return g_string_free(text, FALSE);
}

static void
check(const Message *message, const char *expected)
{
    PstNetworkData *data = pst_fields_new(pst_report_network_kind.data);

    g_assert_true(pst_network_control_parse(message->bytes, message->len, data));
    pst_network_control_parse(message->bytes, message->len, data); /* told once */
    g_autofree char *rows = rows_of(data);
    g_assert_cmpstr(rows, ==, expected);
    /* Cut anywhere, it is refused or says less. */
    for (gsize n = 0; n < message->len; n++) {
        g_autofree guint8 *cut = g_memdup2(message->bytes, n);

        if (n >= sizeof(struct nlmsghdr))
            ((struct nlmsghdr *)(void *)cut)->nlmsg_len = (guint32)n;
        pst_network_control_parse(cut, n, data);
    }
    pst_fields_free(pst_report_network_kind.data, data);
}

static void
test_parse(void)
{
    Message message = netem(TC_H_ROOT, G_MAXUINT32, 0, FALSE);
    check(&message, "lo root netem 100\n");
    message = netem(TC_H_ROOT, 0, 0, FALSE);
    check(&message, "lo root netem 0\n");
    message = netem(TC_H_ROOT, G_MAXUINT32 / 4, G_MAXUINT32 / 2, FALSE);
    check(&message, "lo root netem 49\n");
    message = netem(TC_H_MAKE(1 << 16, 1), 0, 0, TRUE);
    check(&message, "lo class netem 0 models\n");
    message = xdp(XDP_ATTACHED_SKB);
    check(&message, "lo xdp bpf\n");
    message = xdp(XDP_ATTACHED_NONE);
    check(&message, "");
    message = filter(TC_H_MIN_INGRESS, TRUE);
    check(&message, "lo ingress flower\n");
    message = filter(TC_H_MIN_EGRESS, TRUE);
    check(&message, "lo egress flower\n");
    message = filter(TC_H_MIN_INGRESS, FALSE);
    check(&message, "");
    begin_control(&message, RTM_NEWQDISC, TC_H_ROOT, "fq_codel");
    check(&message, "");
    begin_control(&message, RTM_NEWQDISC, TC_H_ROOT, "blackhole");
    check(&message, "lo root blackhole 100\n");
}

static void
add_link(PstNetworkData *data, const char *name, PstTri loopback, const char *address)
{
    PstNetworkLink *link = pst_fields_append(&pst_report_network_link_fields, &data->links);
    const char *const addresses[] = {address, NULL};

    link->name = g_strdup(name);
    link->loopback = loopback;
    link->addresses = address != NULL ? g_strdupv((char **)addresses) : NULL;
}

static void
add_control(PstNetworkData *data, const char *link, const char *place, const char *kind,
            gint64 loss)
{
    PstNetworkControl *row = pst_fields_append(&pst_report_network_control_fields, &data->controls);

    row->link = g_strdup(link);
    row->place = g_strdup(place);
    row->kind = g_strdup(kind);
    row->loss_percent = loss;
}

static void
test_judge(void)
{
    static const struct {
        const char *link, *place, *kind;
        gint64 loss;
        gboolean second; /* link */
        const char *id;
        PstSeverity severity;
        gboolean undo;
    } rows[] = {
        {"eth0", "root", "netem", 100, FALSE, "network.packets-lost", PST_SEVERITY_CRITICAL, TRUE},
        {"eth0", "root", "blackhole", 100, FALSE, "network.packets-lost", PST_SEVERITY_CRITICAL,
         TRUE},
        {"eth0", "root", "netem", 100, TRUE, "network.packets-lost", PST_SEVERITY_WARNING, TRUE},
        {"eth0", "root", "netem", 30, FALSE, "network.packets-lost", PST_SEVERITY_WARNING, TRUE},
        {"eth0", "class", "netem", 100, FALSE, "network.packets-lost", PST_SEVERITY_WARNING, FALSE},
        {"eth0", "root", "netem", 0, FALSE, NULL, 0, FALSE},
        {"eth0", "xdp", "bpf", PST_INT_UNKNOWN, FALSE, "network.packets-filtered",
         PST_SEVERITY_INFORMATION, FALSE},
        {"eth0", "ingress", "u32", PST_INT_UNKNOWN, FALSE, "network.packets-filtered",
         PST_SEVERITY_INFORMATION, FALSE},
        {"lo", "root", "netem", 100, FALSE, NULL, 0, FALSE},
        {"veth1", "ingress", "bpf", PST_INT_UNKNOWN, FALSE, NULL, 0, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_network_kind);
        PstNetworkData *data = report->data;

        g_test_message("row %u", i);
        add_link(data, "lo", PST_TRI_YES, "127.0.0.1/8");
        add_link(data, "eth0", PST_TRI_NO, "192.0.2.1/24");
        add_link(data, "veth1", PST_TRI_NO, NULL);
        if (rows[i].second)
            add_link(data, "eth1", PST_TRI_NO, "198.51.100.1/24");
        add_control(data, rows[i].link, rows[i].place, rows[i].kind, rows[i].loss);
        pst_network_control_judge(report);
        g_assert_cmpuint(report->findings->len, ==, rows[i].id != NULL);
        if (rows[i].id == NULL)
            continue;
        const PstFinding *finding = report->findings->pdata[0];
        g_assert_cmpstr(finding->id, ==, rows[i].id);
        g_assert_cmpint(finding->severity, ==, (int)rows[i].severity);
        g_assert_nonnull(strstr(finding->remedy, "eth0"));
        g_assert_cmpint(finding->undo != NULL, ==, rows[i].undo);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network-control/parse", test_parse);
    g_test_add_func("/network-control/judge", test_judge);
    return g_test_run();
}
