// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/access-guest.h"

/* What the lockout matrix makes of the filters' verdicts over both versions of IP. */
static const struct {
    const char *from; /* NULL: nobody said */
    const char *four, *six;
    int verdict;
    gboolean noted;
} rows[] = {
    {NULL, "accept", "accept", PST_ACCESS_OPEN, FALSE},
    {NULL, "drop", "reject", PST_ACCESS_SHUT, FALSE},
    /* By IPv4, and whoever comes otherwise is told to say so. */
    {NULL, "accept", "drop", PST_ACCESS_OPEN, TRUE},
    {NULL, "accept", "depends", PST_ACCESS_OPEN, TRUE},
    {NULL, "accept", "unknown", PST_ACCESS_OPEN, TRUE},
    {NULL, "drop", "accept", PST_ACCESS_SHUT, FALSE},
    {NULL, "depends", "accept", PST_ACCESS_UNKNOWN, FALSE},
    {NULL, "unknown", "accept", PST_ACCESS_UNKNOWN, FALSE},
    {"192.0.2.9", "accept", "drop", PST_ACCESS_OPEN, FALSE},
    {"192.0.2.9", "drop", "accept", PST_ACCESS_SHUT, FALSE},
    {"2001:db8::9", "accept", "drop", PST_ACCESS_SHUT, FALSE},
    {"2001:db8::9", "drop", "accept", PST_ACCESS_OPEN, FALSE},
    {"2001:db8::9", "accept", "depends", PST_ACCESS_UNKNOWN, FALSE},
};

static void
set_verdict(PstFirewallVerdict *verdict, const char *word)
{
    g_free(verdict->verdict);
    verdict->verdict = g_strdup(word);
}

static PstReport *
derive(Guest *guest, const char *from, const char *four, const char *six)
{
    add_route(guest->network, "::/0");
    set_verdict(guest->firewall->verdicts->pdata[0], four);
    set_verdict(guest->firewall->verdicts->pdata[1], six);
    if (from != NULL)
        json_object_set_string_member(guest->vantage, "from", from);
    return pst_access_derive(guest->answers, G_N_ELEMENTS(guest->answers), guest->vantage);
}

static void
test_versions(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Guest) guest = {{NULL}};

        g_test_message("row %u", i);
        init(&guest);
        g_autoptr(PstReport) report = derive(&guest, rows[i].from, rows[i].four, rows[i].six);
        const PstAccessWay *way = ((PstAccessData *)report->data)->ways->pdata[0];
        g_assert_cmpstr(way->way, ==, "ssh-key");
        g_assert_cmpint(way->verdict, ==, rows[i].verdict);
        g_assert_cmpint(pst_access_note(way) != NULL, ==, rows[i].noted);
    }
}

/* Two ports of sshd over one version are told apart by the port alone. */
static void
test_ports(void)
{
    g_auto(Guest) guest = {{NULL}};

    init(&guest);
    PstFirewallVerdict *other = guest.firewall->verdicts->pdata[1];
    other->port = 2222;
    g_free(other->family);
    other->family = g_strdup("ipv4");
    g_autoptr(PstReport) any = derive(&guest, NULL, "accept", "drop");
    g_assert_cmpint(((PstAccessData *)any->data)->login, ==, PST_ACCESS_UNKNOWN);
    json_object_set_int_member(guest.vantage, "port", 22);
    g_autoptr(PstReport) one = derive(&guest, NULL, "accept", "drop");
    g_assert_cmpint(((PstAccessData *)one->data)->login, ==, PST_ACCESS_OPEN);
}

/* Where it is not known whether what is let in is answered, neither is whether that is a way in. */
static void
test_replies(void)
{
    for (PstTri replies = PST_TRI_UNKNOWN; replies <= PST_TRI_YES; replies++) {
        static const PstAccessVerdict expected[] = {PST_ACCESS_UNKNOWN, PST_ACCESS_SHUT,
                                                    PST_ACCESS_OPEN};
        g_auto(Guest) guest = {{NULL}};

        init(&guest);
        for (guint i = 0; i < guest.firewall->verdicts->len; i++)
            ((PstFirewallVerdict *)guest.firewall->verdicts->pdata[i])->replies = replies;
        g_autoptr(PstReport) report = derive(&guest, NULL, "accept", "accept");
        g_assert_cmpint(((PstAccessData *)report->data)->login, ==, expected[replies]);
    }
}

/* A connection of which only the first packet is let in is none. */
static void
test_later(void)
{
    static const struct {
        const char *later;
        PstAccessVerdict verdict;
    } cases[] = {{NULL, PST_ACCESS_OPEN},
                 {"accept", PST_ACCESS_OPEN},
                 {"drop", PST_ACCESS_SHUT},
                 {"depends", PST_ACCESS_UNKNOWN}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Guest) guest = {{NULL}};

        init(&guest);
        for (guint j = 0; j < guest.firewall->verdicts->len; j++)
            ((PstFirewallVerdict *)guest.firewall->verdicts->pdata[j])->later =
                g_strdup(cases[i].later);
        g_autoptr(PstReport) report = derive(&guest, NULL, "accept", "accept");
        g_assert_cmpint(((PstAccessData *)report->data)->login, ==, cases[i].verdict);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access/firewall/versions", test_versions);
    g_test_add_func("/access/firewall/ports", test_ports);
    g_test_add_func("/access/firewall/replies", test_replies);
    g_test_add_func("/access/firewall/later", test_later);
    return g_test_run();
}
