// SPDX-License-Identifier: LGPL-2.1-or-later
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
    const PstProbeContext context = {world->sysroot, pst_probe_now_us() + 10 * G_USEC_PER_SEC};
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
    g_test_add_func("/network/addresses", test_addresses);
    g_test_add("/network/unreachable-default", World, UNREACHABLE, set_up, test_no_way_out,
               tear_down);
    g_test_add("/network/blackhole-default", World, BLACKHOLE, set_up, test_no_way_out, tear_down);
    ADD("no-default-route", test_no_default_route);
    ADD("cause", test_cause);
    ADD("could-not-look", test_could_not_look);
    ADD("garbage", test_garbage);
    return g_test_run();
}
