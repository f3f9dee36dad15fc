// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/access-guest.h"

/* Who comes to where sshd listens. */

#define UNTOLD NULL /* by a shim that does not tell which sockets take IPv4 too */
#define NONE ""
#define SIX "2001:db8::9"
#define FOUR "192.0.2.9"

static const struct {
    const char *places;
    const char *only6; /* those that take no IPv4 */
    const char *from;  /* NULL: nobody said */
    gint64 port;       /* 0: nobody said */
    const char *found; /* of the shim's; NULL: nothing */
    PstSeverity severity;
    PstAccessVerdict login;
} rows[] = {
    {"127.0.0.1:22 [::1]:22", UNTOLD, NULL, 0, NULL, 0, PST_ACCESS_SHUT},
    {"[::ffff:127.0.0.1]:22", UNTOLD, NULL, 0, NULL, 0, PST_ACCESS_SHUT},
    {"0.0.0.0:22", UNTOLD, SIX, 0, NULL, 0, PST_ACCESS_SHUT},
    {"[::ffff:192.0.2.1]:22", UNTOLD, SIX, 0, NULL, 0, PST_ACCESS_SHUT},
    {"[::ffff:192.0.2.1]:22", UNTOLD, FOUR, 0, NULL, 0, PST_ACCESS_OPEN},
    {"127.0.0.1:22 [::1]:22 0.0.0.0:2222", NONE, FOUR, 0, NULL, 0, PST_ACCESS_OPEN},
    {"127.0.0.1:22 [::1]:22 0.0.0.0:2222", NONE, FOUR, 22, NULL, 0, PST_ACCESS_SHUT},
    {"0.0.0.0:22 [::]:22", UNTOLD, FOUR, 22, NULL, 0, PST_ACCESS_OPEN},
    {"[::]:22", UNTOLD, FOUR, 0, NULL, 0, PST_ACCESS_UNKNOWN},
    {"[::]:22", UNTOLD, NULL, 0, NULL, 0, PST_ACCESS_UNKNOWN},
    {"[::]:22", UNTOLD, SIX, 0, NULL, 0, PST_ACCESS_OPEN},
    {"[::]:22", NONE, FOUR, 0, NULL, 0, PST_ACCESS_OPEN}, /* one of systemd's */
    {"[::]:22", "[::]:22", FOUR, 0, NULL, 0, PST_ACCESS_SHUT},
    {"[::]:22", "[::]:22", SIX, 0, NULL, 0, PST_ACCESS_OPEN},
    {"[::]:22 0.0.0.0:2222", "[::]:22", FOUR, 22, NULL, 0, PST_ACCESS_SHUT},
    {"[::]:22 0.0.0.0:2222", "[::]:22", FOUR, 2222, NULL, 0, PST_ACCESS_OPEN},
    {"[::]:22", "[::]:22", NULL, 0, "ssh.depends-on-address", PST_SEVERITY_INFORMATION,
     PST_ACCESS_UNKNOWN},
    {"[::]:22", "[::]:22", FOUR, 0, "ssh.family-shut", PST_SEVERITY_CRITICAL, PST_ACCESS_SHUT},
    {"172.17.0.1:22", NONE, FOUR, 0, "ssh.depends-on-address", PST_SEVERITY_INFORMATION,
     PST_ACCESS_UNKNOWN},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Guest) guest = {{NULL}};

        init(&guest);
        add_route(guest.network, "::/0");
        guest.ssh->listen = g_strsplit(rows[i].places, " ", -1);
        if (rows[i].only6 != NULL)
            guest.ssh->listen_ipv6_only = g_strsplit(rows[i].only6, " ", -1);
        if (rows[i].from != NULL)
            json_object_set_string_member(guest.vantage, "from", rows[i].from);
        if (rows[i].port != 0)
            json_object_set_int_member(guest.vantage, "port", rows[i].port);
        if (rows[i].port == 2222)
            ((PstFirewallVerdict *)guest.firewall->verdicts->pdata[0])->port = 2222;
        if (rows[i].found != NULL)
            pst_report_add(answer_of(&guest, "ssh")->report, rows[i].found, rows[i].severity,
                           "so it is");
        g_autoptr(PstReport) report =
            pst_access_derive(guest.answers, G_N_ELEMENTS(guest.answers), guest.vantage);
        const PstAccessData *data = report->data;

        g_test_message("row %u", i);
        g_assert_cmpint(data->login, ==, rows[i].login);
        if (rows[i].found != NULL)
            g_assert_cmpstr(((PstAccessWay *)data->ways->pdata[0])->because, ==, "so it is");
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access-listen/table", test_table);
    return g_test_run();
}
