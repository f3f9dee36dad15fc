// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/network-listening.h"
#include "guest-shim/netlink.h"
#include "guest-shim/network-netlink.h"
#include "guest-shim/network-usable.h"
#include "guest-shim/probe-network.h"
#include "protocol/report-network.h"
#include "tests/unit/world.h"

#define ROUTE_HEAD                                                                                 \
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define DEFAULT_ROUTE "eth0\t00000000\t0202000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define OWN_ROUTE "eth0\t0002000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"

#define UNREACHABLE "*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"
#define BLACKHOLE "*\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"

static void
put_link(const World *world, const char *name, const char *flags, const char *operstate,
         const char *carrier)
{
    const char *const files[][2] = {{"flags", flags},
                                    {"operstate", operstate},
                                    {"carrier", carrier},
                                    {"mtu", "1500\n"},
                                    {"address", "52:54:00:12:34:56\n"}};

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("/sys/class/net/%s/%s", name, files[i][0]);
        if (files[i][1] != NULL)
            put_text(world, path, files[i][1]);
    }
}

static void
put_sound(const World *world)
{
    put_link(world, "lo", "0x9\n", "unknown\n", "1\n");
    put_link(world, "eth0", "0x1003\n", "up\n", "1\n");
    put_text(world, "/proc/net/route", ROUTE_HEAD DEFAULT_ROUTE OWN_ROUTE);
    put_text(world, "/etc/resolv.conf", "# by hand\nsearch example\nnameserver 10.0.2.3\n");
}

static PstReport *
run(const World *world)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_network_kind);

    pst_probe_network_run(&context, NULL, report);
    return report;
}

/* The only finding, which must have this id. */
static const PstFinding *
only_finding(const PstReport *report, const char *id)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, id);
    return report->findings->pdata[0];
}

static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run(world);
    const PstNetworkData *seen = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpuint(seen->links->len, ==, 2);
    const PstNetworkLink *link = seen->links->pdata[0];
    g_assert_cmpstr(link->name, ==, "eth0");
    g_assert_cmpint(link->up, ==, PST_TRI_YES);
    g_assert_cmpint(link->mtu, ==, 1500);
    g_assert_null(link->addresses); /* the kernel of a folder can't be asked */
    const PstNetworkRoute *route = seen->routes->pdata[0];
    g_assert_cmpstr(route->destination, ==, "0.0.0.0/0");
    g_assert_cmpstr(route->gateway, ==, "10.0.2.2");
    g_assert_cmpstr(seen->nameservers[0], ==, "10.0.2.3");
}

static void
test_link_down(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_link(world, "eth0", "0x1002\n", "down\n", NULL);
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = only_finding(report, "network.link-down");

    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpstr(finding->remedy, ==, "ip link set eth0 up");
}

static void
test_no_carrier(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_link(world, "eth0", "0x1003\n", "down\n", "0\n");
    g_autoptr(PstReport) report = run(world);

    only_finding(report, "network.no-carrier");
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
}

/* A spare interface accuses nobody. */
static void
test_spare_link(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_link(world, "eth1", "0x1002\n", "down\n", NULL);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(only_finding(report, "network.link-down")->severity, ==,
                    PST_SEVERITY_INFORMATION);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
}

/* ENTRY of a link's folder leads to TARGET, as sysfs has it. */
static void
put_sys_link(const World *world, const char *name, const char *entry, const char *target)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s/%s", name, entry);
    g_autofree char *whole = place(world, path);

    g_assert_cmpint(symlink(target, whole), ==, 0);
}

static PstSeverity
severity_of(const PstReport *report, const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s", name);

    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        if (g_strcmp0(finding->evidence->path, path) == 0)
            return (PstSeverity)finding->severity;
    }
    g_assert_not_reached();
}

/* What only software made is no way in: the card that is off is the news. */
static void
test_software_links(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_sys_link(world, "eth0", "device", "../../../virtio0");
    put_link(world, "docker0", "0x1003\n", "up\n", "1\n");
    put_link(world, "veth1", "0x1003\n", "up\n", "1\n");
    put_sys_link(world, "veth1", "master", "../docker0");
    put_link(world, "virbr0", "0x1003\n", "down\n", "0\n");
    put_link(world, "wg0", "0x1003\n", "unknown\n", "1\n");
    g_autoptr(PstReport) sound = run(world);
    g_assert_cmpint(sound->status, ==, PST_STATUS_OK);

    put_link(world, "eth0", "0x1002\n", "down\n", NULL);
    g_autoptr(PstReport) down = run(world);
    g_assert_cmpint(down->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpint(severity_of(down, "eth0"), ==, PST_SEVERITY_CRITICAL);
    g_assert_cmpint(severity_of(down, "virbr0"), ==, PST_SEVERITY_INFORMATION);
}

/* A bond over two cards, a VLAN on it, a bridge on that. */
static void
test_stacked_links(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const names[] = {"bond0", "bond0.7", "br0", "eth0", "eth1", "tap0"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        put_link(world, names[i], "0x1003\n", "up\n", "1\n");
    put_text(world, "/proc/net/route", ROUTE_HEAD DEFAULT_ROUTE);
    put_sys_link(world, "eth0", "device", "../../../virtio0");
    put_sys_link(world, "eth1", "device", "../../../virtio1");
    put_sys_link(world, "eth0", "master", "../bond0");
    put_sys_link(world, "eth1", "master", "../bond0");
    put_sys_link(world, "bond0.7", "lower_bond0", "../bond0");
    put_sys_link(world, "bond0.7", "master", "../br0");
    put_sys_link(world, "tap0", "master", "../br0");
    g_autoptr(PstReport) sound = run(world);
    g_assert_cmpint(sound->status, ==, PST_STATUS_OK);

    const GPtrArray *links = ((PstNetworkData *)sound->data)->links;
    const PstNetworkUsable usable = pst_network_usable_new(world->sysroot, links);
    for (guint i = 0; i < links->len; i++) {
        const PstNetworkLink *link = links->pdata[i];
        g_assert_cmpint(pst_network_usable_counts(&usable, link), ==,
                        !g_str_equal(link->name, "tap0"));
    }

    /* One card is enough; without any, the bridge has its carrier from the tap alone. */
    put_link(world, "eth1", "0x1003\n", "down\n", "0\n");
    g_autoptr(PstReport) half = run(world);
    g_assert_cmpint(half->status, ==, PST_STATUS_OK);
    put_link(world, "eth0", "0x1003\n", "down\n", "0\n");
    put_link(world, "bond0", "0x1003\n", "down\n", "0\n");
    put_link(world, "bond0.7", "0x1003\n", "lowerlayerdown\n", "0\n");
    g_autoptr(PstReport) none = run(world);
    g_assert_cmpint(none->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpint(severity_of(none, "eth0"), ==, PST_SEVERITY_CRITICAL);
}

/* The switch's inner port says nothing of what it stands on, and its master is always down. */
static void
test_open_vswitch(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *addresses[] = {"192.0.2.7/24", NULL};

    put_sound(world);
    put_sys_link(world, "eth0", "device", "../../../virtio0");
    put_link(world, "ovs-system", "0x1002\n", "down\n", NULL);
    put_sys_link(world, "eth0", "master", "../ovs-system");
    put_link(world, "br-ex", "0x1003\n", "unknown\n", "1\n");
    g_autoptr(PstReport) report = run(world);
    const GPtrArray *links = ((PstNetworkData *)report->data)->links;
    const PstNetworkUsable usable = pst_network_usable_new(world->sysroot, links);
    PstNetworkLink *inner = links->pdata[0], *card = links->pdata[1];

    g_assert_cmpstr(inner->name, ==, "br-ex");
    g_assert_false(pst_network_usable_is(&usable, inner, TRUE));
    char **none = g_steal_pointer(&inner->addresses);
    inner->addresses = (char **)addresses;
    g_assert_true(pst_network_usable_is(&usable, inner, TRUE));
    card->carrier = PST_TRI_NO;
    g_assert_false(pst_network_usable_is(&usable, inner, TRUE));
    inner->addresses = none;
}

/* An address that the guest gave itself, because nobody else did, is none. */
static void
test_addresses(void)
{
    g_assert_true(pst_network_usable_address("192.0.2.7/24"));
    g_assert_true(pst_network_usable_address("2001:db8::7/64"));
    g_assert_true(pst_network_usable_address("169.253.0.1/16"));
    g_assert_false(pst_network_usable_address("169.254.7.7/16"));
    g_assert_false(pst_network_usable_address("fe80::1/64"));
}

/* A default route that refuses, or swallows, leads nowhere. */
static void
test_no_way_out(World *world, gconstpointer data)
{
    g_autofree char *table = g_strconcat(ROUTE_HEAD, data, OWN_ROUTE, NULL);

    put_sound(world);
    put_text(world, "/proc/net/route", table);
    g_autoptr(PstReport) report = run(world);

    only_finding(report, "network.no-default-route");
    g_assert_cmpstr(((PstNetworkData *)report->data)->rejects[0], ==, "0.0.0.0/0");
    g_assert_null(((PstNetworkData *)report->data)->rejects[1]);
}

static void
test_no_link(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_link(world, "lo", "0x9\n", "unknown\n", "1\n");
    put_text(world, "/proc/net/route", ROUTE_HEAD DEFAULT_ROUTE);
    g_autoptr(PstReport) report = run(world);

    only_finding(report, "network.no-link");
}

static void
test_no_default_route(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/net/route", ROUTE_HEAD OWN_ROUTE);
    g_autoptr(PstReport) report = run(world);

    g_assert_null(only_finding(report, "network.no-default-route")->caused_by);
    g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
}

/* The cause comes first, and the rest names it. */
static void
test_cause(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_link(world, "eth0", "0x1002\n", "down\n", NULL);
    put_text(world, "/proc/net/route", ROUTE_HEAD);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 2);
    const PstFinding *second = report->findings->pdata[1];
    g_assert_cmpstr(second->id, ==, "network.no-default-route");
    g_assert_cmpstr(second->caused_by, ==, "network.link-down");
}

static void
test_could_not_look(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    for (guint i = 0; i < report->findings->len; i++)
        g_assert_cmpstr(((PstFinding *)report->findings->pdata[i])->id, ==,
                        "network.could-not-look");
}

/* Tables that no kernel prints: nothing crashes, nothing is made up. */
static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_link(world, "eth0", "\xFF\xFE", "\x01\n", "maybe\n");
    put_text(world, "/proc/net/route", "\xFF\n\n\teth0 zzzz\neth0\n");
    put_text(world, "/proc/net/ipv6_route", "0000 00\nzzzz\n\xFF");
    put_text(world, "/etc/resolv.conf", "nameserver\nnameserver \xFF\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_null(((PstNetworkData *)report->data)->routes);
    g_assert_cmpint(report->status, !=, PST_STATUS_OK);
}

#define SOCKETS                                                                                    \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"                                                                                      \
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 "           \
    "       0 1001 1 0 100 0 0 10 0\n"                                                             \
    "   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 "           \
    "       0 1003 1 0 100 0 0 10 0\n"                                                             \
    "   2: 0F02000A:0016 0202000A:9C40 01 00000000:00000000 00:00000000 00000000     0 "           \
    "       0 1004 1 0 100 0 0 10 0\n"
#define DATAGRAMS                                                                                  \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode ref pointer drops\n"                                                                    \
    "  9: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "   \
    "1005 2 0000000000000000 0\n"

static void
put_holder(const World *world, const char *pid, const char *comm, const char *cgroup,
           const char *inode)
{
    const char *const files[][2] = {{"comm", comm}, {"cgroup", cgroup}};
    g_autofree char *fd = g_strdup_printf("/proc/%s/fd/3", pid);
    g_autofree char *target = g_strdup_printf("socket:[%s]", inode);
    g_autofree char *whole = place(world, fd);

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("/proc/%s/%s", pid, files[i][0]);
        put_text(world, path, files[i][1]);
    }
    g_assert_cmpint(symlink(target, whole), ==, 0);
}

static void
test_listening(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/net/tcp", SOCKETS);
    put_text(world, "/proc/net/udp", DATAGRAMS);
    put_holder(world, "1", "systemd\n", "0::/init.scope\n", "1001");
    put_holder(world, "234", "sshd\n", "0::/system.slice/ssh.service\n", "1001");
    put_holder(world, "300", "dhclient\n", "1:name=systemd:/system.slice/ifup.service\n2:cpu:/x\n",
               "1005");
    put_text(world, "/proc/sys/net/ipv4/ip_local_port_range", "1024\t65535\n");
    g_autoptr(PstReport) report = run(world);
    const PstNetworkData *seen = report->data;
    const GPtrArray *listening = seen->listening;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(seen->ports_from, ==, 1024);
    g_assert_cmpint(seen->ports_to, ==, 65535);
    g_assert_cmpuint(listening->len, ==, 3);
    const PstNetworkListening *ssh = listening->pdata[0], *web = listening->pdata[1],
                              *dhcp = listening->pdata[2];
    g_assert_cmpint(ssh->port, ==, 22);
    g_assert_cmpint(ssh->pid, ==, 234);
    g_assert_cmpstr(ssh->process, ==, "sshd");
    g_assert_cmpstr(ssh->unit, ==, "ssh.service");
    g_assert_cmpstr(web->address, ==, "127.0.0.1");
    g_assert_cmpint(web->pid, ==, PST_INT_UNKNOWN); /* whose it is nobody says */
    g_assert_cmpstr(dhcp->protocol, ==, "udp");
    g_assert_cmpint(dhcp->port, ==, 68);
    g_assert_cmpstr(dhcp->unit, ==, "ifup.service");
}

static void
test_units(void)
{
    static const char *const rows[][2] = {
        {"0::/system.slice/ssh.service\n", "ssh.service"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
         "user@1000.service"},
        {"0::/user.slice/user-0.slice/session-1.scope", "session-1.scope"},
        {"3:cpu:/a.service\n1:name=systemd:/b.service", "b.service"},
        {"0::/\n", NULL},
        {"", NULL},
        {"nonsense", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *unit = pst_network_listening_unit(rows[i][0]);
        g_assert_cmpstr(unit, ==, rows[i][1]);
    }
}

static void
test_resolver(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/sys/kernel/hostname", "web\n");
    put_text(world, "/etc/nsswitch.conf",
             "passwd: files\nhosts: files [NOTFOUND=return] dns # x\n");
    put_text(world, "/etc/hosts", "127.0.0.1 localhost\n127.0.1.1\tweb.example WEB # here\n");
    g_autoptr(PstReport) sound = run(world);
    const PstNetworkData *seen = sound->data;
    g_assert_cmpuint(sound->findings->len, ==, 0);
    g_assert_cmpstr(seen->resolver->hosts[1], ==, "dns");
    g_assert_cmpuint(g_strv_length(seen->resolver->hosts), ==, 2);
    g_assert_cmpstr(seen->resolver->search[0], ==, "example");
    g_assert_cmpint(seen->resolver->hostname_in_hosts, ==, PST_TRI_YES);

    put_text(world, "/etc/hosts", "127.0.0.1 localhost\n#127.0.1.1 web\n");
    g_autoptr(PstReport) absent = run(world);
    g_assert_cmpint(only_finding(absent, "network.own-name-not-in-hosts")->severity, ==,
                    PST_SEVERITY_INFORMATION);
    put_text(world, "/etc/nsswitch.conf", "hosts: files myhostname dns\n");
    g_autoptr(PstReport) itself = run(world);
    g_assert_cmpuint(itself->findings->len, ==, 0);
}

/* A file of another kind says that nobody could look, and nobody waits for it. */
static void
test_fifo(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autofree char *fifo = place(world, "/etc/hosts");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_autoptr(PstReport) report = run(world);

    only_finding(report, "network.could-not-look");
}

/* An answer of rtnetlink, as the kernel puts it together. */
typedef struct {
    struct nlmsghdr head;
    struct ndmsg body;
    struct rtattr address_head;
    guint8 address[4];
    struct rtattr mac_head;
    guint8 mac[8];
} Neighbour;

static void
test_neighbour(void)
{
    Neighbour message = {
        .head = {.nlmsg_len = sizeof(message), .nlmsg_type = RTM_NEWNEIGH},
        .body = {.ndm_family = AF_INET, .ndm_ifindex = 1, .ndm_state = NUD_FAILED},
        .address_head = {RTA_LENGTH(4), NDA_DST},
        .address = {10, 0, 2, 2},
        .mac_head = {RTA_LENGTH(6), NDA_LLADDR},
        .mac = {0x52, 0x54, 0, 1, 2, 3},
    };
    PstNetworkData *data = pst_fields_new(pst_report_network_kind.data);

    g_assert_true(pst_network_netlink_parse((const guint8 *)&message, sizeof(message), data));
    g_assert_cmpuint(data->neighbours->len, ==, 1);
    const PstNetworkNeighbour *row = data->neighbours->pdata[0];
    g_assert_cmpstr(row->address, ==, "10.0.2.2");
    g_assert_cmpstr(row->mac, ==, "52:54:00:01:02:03");
    g_assert_cmpstr(row->state, ==, "failed");
    g_assert_cmpstr(row->link, ==, "lo");

    /* Cut anywhere, it is refused or says less. */
    for (gsize n = 0; n < sizeof(message); n++) {
        g_autofree guint8 *cut = g_memdup2(&message, n);
        if (n >= sizeof(struct nlmsghdr))
            ((struct nlmsghdr *)(void *)cut)->nlmsg_len = (guint32)n;
        pst_network_netlink_parse(cut, n, data);
    }
    message.head.nlmsg_type = NLMSG_DONE;
    g_assert_false(pst_network_netlink_parse((const guint8 *)&message, sizeof(message), data));
    pst_fields_free(pst_report_network_kind.data, data);
}

typedef struct {
    struct nlmsghdr head;
    struct fib_rule_hdr body;
    struct rtattr priority_head;
    guint32 priority;
    struct rtattr source_head;
    guint8 source[4];
} Rule;

static void
test_rule(void)
{
    Rule message = {
        .head = {.nlmsg_len = sizeof(message), .nlmsg_type = RTM_NEWRULE},
        .body = {.family = AF_INET, .src_len = 24, .table = 100, .action = FR_ACT_TO_TBL},
        .priority_head = {RTA_LENGTH(4), FRA_PRIORITY},
        .priority = 1000,
        .source_head = {RTA_LENGTH(4), FRA_SRC},
        .source = {10, 0, 2, 0},
    };
    PstNetworkData *data = pst_fields_new(pst_report_network_kind.data);

    pst_network_netlink_parse((const guint8 *)&message, sizeof(message), data);
    g_assert_cmpuint(data->rules->len, ==, 1);
    const PstNetworkRule *row = data->rules->pdata[0];
    g_assert_cmpstr(row->from, ==, "10.0.2.0/24");
    g_assert_cmpint(row->priority, ==, 1000);
    g_assert_cmpint(row->table, ==, 100);
    g_assert_cmpstr(row->action, ==, "lookup");

    message.priority = 32766;
    message.body.table = RT_TABLE_MAIN;
    pst_network_netlink_parse((const guint8 *)&message, sizeof(message), data);
    g_assert_cmpuint(data->rules->len, ==, 1); /* one of the kernel's own */
    pst_fields_free(pst_report_network_kind.data, data);
}

/* A dump that was refused is no empty one. */
static void
test_refusal(void)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr refusal;
    } message = {
        .head = {.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_ERROR},
        .refusal = {.error = -EPERM},
    };
    const guint8 *bytes = (const guint8 *)&message;

    g_assert_cmpint(pst_netlink_error(bytes, sizeof(message)), ==, EPERM);
    for (gsize n = 0; n < sizeof(message); n++)
        g_assert_cmpint(pst_netlink_error(bytes, n), ==, 0);
    message.refusal.error = -EOPNOTSUPP;
    g_assert_cmpint(pst_netlink_error(bytes, sizeof(message)), ==, 0);
    message.head.nlmsg_type = NLMSG_DONE;
    message.refusal.error = -EPERM;
    g_assert_cmpint(pst_netlink_error(bytes, sizeof(message)), ==, 0);
}

#define ADD(name, function) g_test_add("/network/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sound", test_sound);
    ADD("link-down", test_link_down);
    ADD("no-carrier", test_no_carrier);
    ADD("spare-link", test_spare_link);
    ADD("no-link", test_no_link);
    ADD("software-links", test_software_links);
    ADD("stacked-links", test_stacked_links);
    ADD("open-vswitch", test_open_vswitch);
    g_test_add_func("/network/refusal", test_refusal);
    g_test_add_func("/network/addresses", test_addresses);
    g_test_add("/network/unreachable-default", World, UNREACHABLE, set_up, test_no_way_out,
               tear_down);
    g_test_add("/network/blackhole-default", World, BLACKHOLE, set_up, test_no_way_out, tear_down);
    ADD("no-default-route", test_no_default_route);
    ADD("cause", test_cause);
    ADD("could-not-look", test_could_not_look);
    ADD("garbage", test_garbage);
    ADD("listening", test_listening);
    ADD("resolver", test_resolver);
    ADD("fifo", test_fifo);
    g_test_add_func("/network/units", test_units);
    g_test_add_func("/network/neighbour", test_neighbour);
    g_test_add_func("/network/rule", test_rule);
    return g_test_run();
}
