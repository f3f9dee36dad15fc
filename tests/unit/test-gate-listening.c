// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/gate-world.h"

/* What became of 443 by who listens on it: each a list of addresses; "!::" takes no IPv4, "+::"
 * takes it, and of "::" nobody said. */

#define PASS PST_GATE_PASS
#define FAIL PST_GATE_FAIL
#define OPEN PST_GATE_COULD_NOT_CHECK
#define HOME "192.0.2.7"
#define DOCKER "172.17.0.1"
#define BOTH "192.0.2.7/24 172.17.0.1/16 2001:db8::7/64 fe80::1/64"

static void
listen_on(World *world, const char *places)
{
    g_auto(GStrv) all = g_strsplit(places, " ", -1);

    world_listen_once(world);
    for (guint i = 0; all[i] != NULL && all[i][0] != '\0'; i++) {
        char mark = strchr("!+", all[i][0]) != NULL ? all[i][0] : '\0';
        PstNetworkListening *row = world_listen(world, 443, mark != '\0' ? all[i] + 1 : all[i]);

        row->ipv6_only = mark == '\0' ? PST_TRI_UNKNOWN : PST_TRI(mark == '!');
    }
}

static void
have(World *world, const char *addresses)
{
    PstNetworkLink *link;

    if (addresses == NULL)
        return;
    link = pst_fields_append(&pst_report_network_link_fields, &world->guest.network->links);
    link->name = g_strdup("eth0");
    link->addresses = g_strsplit(addresses, " ", -1);
}

static const struct {
    const char *former, *now;
    const char *had, *has; /* the guest's addresses; NULL: not told */
    PstGateResult result;
    const char *said; /* is in what is told; NULL: nothing special */
} lost[] = {
    {"0.0.0.0 !::", "0.0.0.0 !::", BOTH, BOTH, PASS, NULL},
    {"0.0.0.0 ::", "0.0.0.0 ::", NULL, NULL, PASS, NULL},
    {"0.0.0.0 ::", "!::", BOTH, BOTH, FAIL, "443/tcp over IPv4 any more"},
    {"0.0.0.0 ::", "+::", BOTH, BOTH, PASS, NULL},
    {"0.0.0.0 ::", "::", BOTH, BOTH, OPEN, "over IPv4 as it was is not known"},
    {"0.0.0.0", "+::", NULL, NULL, PASS, NULL},
    {"0.0.0.0", "!::", NULL, NULL, FAIL, "443/tcp any more"},
    {"+::", "!::", NULL, NULL, FAIL, "443/tcp over IPv4 any more"},
    {"+::", "::", NULL, NULL, OPEN, NULL},
    {"+::", "+::", NULL, NULL, PASS, NULL},
    {"+::", "0.0.0.0", NULL, NULL, FAIL, "443/tcp over IPv6 any more"},
    {"!::", "::", NULL, NULL, PASS, NULL},
    {"::", "::", NULL, NULL, PASS, NULL}, /* nothing that is told is gone */
    {"::", "!::", NULL, NULL, OPEN, "the baseline does not tell"},
    {"::", "0.0.0.0 !::", NULL, NULL, PASS, NULL},
    {"!:: 0.0.0.0", "", NULL, NULL, FAIL, "443/tcp any more"},
    /* an address of its own in place of all */
    {"0.0.0.0", DOCKER, BOTH, BOTH, FAIL, "443/tcp at 192.0.2.7 any more"},
    {"0.0.0.0", DOCKER " " HOME, BOTH, BOTH, PASS, NULL},
    {"0.0.0.0", DOCKER, NULL, BOTH, OPEN, "not known"},
    {"0.0.0.0", DOCKER, BOTH, NULL, OPEN, "not known"},
    {"0.0.0.0", HOME, HOME "/24", HOME "/24 " DOCKER "/16", PASS, NULL}, /* docker came later */
    {"!::", "2001:db8::7", BOTH, BOTH, PASS, NULL}, /* but for the link's own */
    {"!::", "2001:db8::8", BOTH, BOTH, FAIL, "at 2001:db8::7"},
    {"0.0.0.0", "127.0.0.1", BOTH, BOTH, FAIL, "443/tcp any more"},
    /* one address */
    {HOME, HOME, BOTH, BOTH, PASS, NULL},
    {HOME, "::ffff:192.0.2.7", BOTH, BOTH, PASS, NULL},
    {HOME, "0.0.0.0", BOTH, BOTH, PASS, NULL},
    {HOME, "+::", BOTH, BOTH, PASS, NULL},
    {HOME, "::", BOTH, BOTH, OPEN, NULL},
    {HOME, DOCKER, BOTH, BOTH, FAIL, "443/tcp at 192.0.2.7 any more"},
    {HOME " " DOCKER, DOCKER, BOTH, BOTH, FAIL, "443/tcp at 192.0.2.7 any more"},
    {HOME, DOCKER, NULL, NULL, OPEN, "at another address"},
    {HOME, DOCKER, BOTH, DOCKER "/16", OPEN, "at another address"},
    {HOME, "192.0.2.8", BOTH, "192.0.2.8/24 172.17.0.1/16", PASS, NULL}, /* it moved */
    {HOME, "", BOTH, BOTH, FAIL, NULL},
    {HOME, "", BOTH, DOCKER "/16", FAIL, "443/tcp any more"},
};

static void
test_lost(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(lost); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        listen_on(&former, lost[i].former);
        have(&former, lost[i].had);
        world_init(&world);
        world.before = world_baseline(&former);
        world_set_policy(&world, "[ports]\nno-lost=yes\n");
        listen_on(&world, lost[i].now);
        have(&world, lost[i].has);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)lost[i].result ||
            (lost[i].said != NULL && strstr(text, lost[i].said) == NULL))
            g_error("row %u: %s", i, text);
    }
}

/* What is open to whom. */
static void
test_open(void)
{
    static const struct {
        const char *now, *from;
        const char *six; /* the filters' verdict over IPv6 alone; NULL: over any */
        PstGateResult result;
    } cases[] = {
        {"0.0.0.0 !::", NULL, NULL, PASS},
        {"+::", NULL, NULL, PASS},
        {"::", NULL, NULL, PASS},
        {"!::", NULL, NULL, OPEN},     /* to whom? */
        {"!::", NULL, "accept", PASS}, /* the guest has no IPv4 */
        {"!::", NULL, "drop", FAIL},
        {"!::", "192.0.2.9", NULL, FAIL},
        {"!::", "2001:db8::9", NULL, PASS},
        {"!::", "127.0.0.1", NULL, OPEN},
        {"::", "192.0.2.9", NULL, OPEN},
        {"+::", "192.0.2.9", NULL, PASS},
        {"0.0.0.0", "2001:db8::9", NULL, FAIL},
        {"0.0.0.0", "192.0.2.9", NULL, PASS},
        {"127.0.0.1", "192.0.2.9", NULL, FAIL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};
        PstFirewallVerdict *verdict;

        world_init(&world);
        world_set_policy(&world, "[ports]\nopen=443\n");
        listen_on(&world, cases[i].now);
        if (cases[i].from != NULL)
            json_object_set_string_member(world.guest.vantage, "from", cases[i].from);
        verdict = world.port->verdicts->pdata[0];
        if (cases[i].six != NULL) {
            verdict->family = g_strdup("ipv6");
            g_free(verdict->verdict);
            verdict->verdict = g_strdup(cases[i].six);
        }
        g_autoptr(PstGateVerdict) told = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(told);

        if (told->result != (int)cases[i].result)
            g_error("row %u: %s", i, text);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/listening/lost", test_lost);
    g_test_add_func("/gate/listening/open", test_open);
    return g_test_run();
}
