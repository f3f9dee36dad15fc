// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-scene.h"
#include "tests/unit/ssh-world.h"

#define SOCKET6(address)                                                                           \
    TCP_HEAD "   0: " address ":0016 00000000000000000000000000000000:0000 0A "                    \
             "00000000:00000000 00:00000000 00000000     0        0 1002 1 0 100 0 0 10 0\n"

/* A letter a version of IP over which the port of sshd is judged; "" where it is not. */
static void
test_sockets(void)
{
    static const struct {
        const char *table, *versions;
    } rows[] = {
        {SOCKET6("00000000000000000000000000000000"), "46"},
        {SOCKET6("B80D0120000000000000000015000000"), "6"}, /* 2001:db8::15 */
        {SOCKET6("00000000000000000000000001000000"), ""},
        {SOCKET6("0000000000000000FFFF00000100007F"), ""},  /* ::ffff:127.0.0.1 */
        {SOCKET6("0000000000000000FFFF00000F02000A"), "4"}, /* ::ffff:10.0.2.15 */
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        World world;

        set_up(&world, NULL);
        put_sound(&world);
        put_text(&world, "/proc/net/tcp", TCP_HEAD);
        put_text(&world, "/proc/net/tcp6", rows[i].table);
        const PstProbeContext context = {world.sysroot, G_MAXINT64};
        const PstFirewallArgs args = {.port = PST_INT_UNKNOWN};
        g_autoptr(PstReport) report = pst_report_new(&pst_report_firewall_kind);
        g_autoptr(PstFirewallScene) scene = pst_firewall_scene_new(&context, &args, report);
        const PstFirewallPort *port =
            scene->ports->len > 0 ? &g_array_index(scene->ports, PstFirewallPort, 0) : NULL;
        g_autofree char *versions = g_strconcat(port != NULL && port->four ? "4" : "",
                                                port != NULL && port->six ? "6" : "", NULL);

        g_assert_cmpuint(report->findings->len, ==, 0);
        g_assert_cmpstr(versions, ==, rows[i].versions);
        tear_down(&world, NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firewall/scene/sockets", test_sockets);
    return g_test_run();
}
