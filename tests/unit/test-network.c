// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-network.h"
#include "protocol/report-network.h"
#include "tests/unit/world.h"

#define ROUTE_HEAD                                                                                 \
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define DEFAULT_ROUTE "eth0\t00000000\t0202000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define OWN_ROUTE "eth0\t0002000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"

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
    ADD("no-default-route", test_no_default_route);
    ADD("cause", test_cause);
    ADD("could-not-look", test_could_not_look);
    ADD("garbage", test_garbage);
    return g_test_run();
}
