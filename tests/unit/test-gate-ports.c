// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/limits.h"
#include "tests/unit/gate-world.h"

/* Who listens over which version of IP, and what packet filters do with it: 443 is what is asked
 * about, and 22 is let in. */

static void
listen_on(World *world, const char *address)
{
    world_listen_once(world);
    world_listen(world, 443, address);
}

static void
add_verdict_on(World *world, const char *family, const char *word)
{
    PstFirewallVerdict *verdict =
        pst_fields_append(&pst_report_firewall_verdict_fields, &world->port->verdicts);

    verdict->port = 443;
    verdict->family = g_strdup(family);
    verdict->verdict = g_strdup(word);
    verdict->replies = PST_TRI_YES;
}

/* A word a version of IP; NULL: the guest has no address of that one. */
static void
judge_filters(World *world, const char *four, const char *six)
{
    pst_fields_free(&pst_report_firewall_verdict_fields, world->port->verdicts->pdata[0]);
    g_clear_pointer(&world->port->verdicts, g_ptr_array_unref);
    if (four != NULL)
        add_verdict_on(world, "ipv4", four);
    if (six != NULL)
        add_verdict_on(world, "ipv6", six);
}

static void
add_filter(World *world)
{
    PstFirewallChain *chain =
        pst_fields_append(&pst_report_firewall_chain_fields, &world->guest.firewall->chains);

    chain->hook = g_strdup("input");
    chain->type = g_strdup("filter");
    chain->policy = g_strdup("accept");
    chain->rules = 1;
}

#define OPEN_443 "[ports]\nopen=443\n"
#define DIGEST "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define NO_LOST "[ports]\nno-lost=yes\n"
#define PASS PST_GATE_PASS
#define FAIL PST_GATE_FAIL
#define OPEN PST_GATE_COULD_NOT_CHECK
#define ANY4 "0.0.0.0"
#define ANY6 "::"
#define ONE6 "2001:db8::15"
#define LINK6 "fe80::5054:ff:fe12:3456"

static const struct {
    const char *policy;
    const char *former, *now; /* what 443 is listened on */
    const char *four, *six;   /* the filters' verdicts */
    PstGateResult result;
} rows[] = {
    {OPEN_443, ANY4, ANY4, "accept", "accept", PASS},
    {OPEN_443, ANY4, ANY4, "drop", "accept", FAIL},
    {OPEN_443, ANY4, ANY4, "accept", "drop", PASS},
    {OPEN_443, ANY4, ANY4, "unknown", "accept", OPEN},
    {OPEN_443, ANY4, ANY4, NULL, "accept", OPEN},
    {OPEN_443, ANY6, ANY6, "drop", "accept", PASS},
    {OPEN_443, ANY6, ANY6, "drop", "drop", FAIL},
    {OPEN_443, ANY6, ANY6, "drop", NULL, FAIL},
    {OPEN_443, ONE6, ONE6, "accept", "drop", FAIL},
    {OPEN_443, ANY4, "::ffff:10.0.2.15", "drop", "accept", FAIL},
    {NO_LOST, ANY6, ANY6, "accept", "accept", PASS},
    {NO_LOST, ANY6, ANY6, "accept", NULL, PASS},
    {NO_LOST, ANY6, ANY6, "drop", "accept", FAIL},
    {NO_LOST, ANY6, ANY6, "accept", "drop", FAIL},
    {NO_LOST, ANY6, ANY6, "accept", "unknown", OPEN},
    {NO_LOST, ANY4, ANY4, "drop", "accept", FAIL},
    {NO_LOST, ANY4, ANY4, "accept", "drop", PASS},
    {NO_LOST, ANY4, ANY6, "accept", "drop", OPEN}, /* it may take no IPv4 */
    {NO_LOST, ANY6, ANY4, "accept", "drop", FAIL}, /* nobody listens over IPv6 */
    {NO_LOST, ANY4, ONE6, "accept", "accept", FAIL},
    {NO_LOST, LINK6, LINK6, "accept", NULL, PASS},
    {NO_LOST, LINK6, LINK6, "drop", NULL, FAIL},
};

static void
test_versions(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        listen_on(&former, rows[i].former);
        world_init(&world);
        world.before = world_baseline(&former);
        world_set_policy(&world, rows[i].policy);
        listen_on(&world, rows[i].now);
        judge_filters(&world, rows[i].four, rows[i].six);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)rows[i].result)
            g_error("row %u: %s", i, text);
    }
}

/* What the baseline tells of filters: nothing, that it could not look, that there is one. */
static void
test_former_filters(void)
{
    static const struct {
        gboolean untold, filtered, lost;
        PstGateResult result;
    } cases[] = {
        {FALSE, FALSE, FALSE, FAIL}, /* 443 is dropped, and no filter was there */
        {FALSE, TRUE, FALSE, OPEN},  /* it may have been dropped before */
        {TRUE, FALSE, FALSE, OPEN},  /* there may have been one */
        {TRUE, TRUE, FALSE, OPEN},   /* there was one at least */
        {TRUE, FALSE, TRUE, FAIL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        if (cases[i].untold)
            add_finding(&former, "firewall", "firewall.could-not-look", PST_SEVERITY_UNKNOWN);
        if (cases[i].filtered)
            add_filter(&former);
        world_init(&world);
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        judge_filters(&world, "drop", "drop");
        if (cases[i].lost)
            world_listen_once(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)cases[i].result)
            g_error("row %u: %s", i, text);
    }
}

/* Of ports that were not asked about all is known where there is no filter. */
static void
test_many(void)
{
    static const struct {
        gboolean filtered, untold;
        PstGateResult result;
    } cases[] = {
        {FALSE, FALSE, PASS},
        {TRUE, FALSE, OPEN},
        {FALSE, TRUE, OPEN},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        world_init(&world);
        for (gint64 port = 1000; port < 1030; port++) {
            world_listen(&former, port, "0.0.0.0");
            world_listen(&world, port, "0.0.0.0");
        }
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        if (cases[i].filtered)
            add_filter(&world);
        if (cases[i].untold)
            add_finding(&world, "firewall", "firewall.could-not-look", PST_SEVERITY_UNKNOWN);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)cases[i].result)
            g_error("row %u: %s", i, text);
    }
}

/* More ports of before than one call has questions, and a service that no longer runs: all of it
 * fits into one; and where that comes to nothing, each says why. */
static void
test_one_call(void)
{
    g_autoptr(GError) cause = g_error_new_literal(PST_ERROR, PST_ERROR_BUSY, "the daemon is busy");
    g_auto(World) world = {0}, former = {0};
    guint n = 0, n_ports = 0;

    world_init(&former);
    world_init(&world);
    for (gint64 port = 1000; port < 1100; port++) {
        world_listen(&former, port, "0.0.0.0");
        world_listen(&world, port, "0.0.0.0");
    }
    former.services->running = g_strsplit("cron.service", " ", -1);
    world.services->running = g_new0(char *, 1);
    world.before = world_baseline(&former);
    world_set_policy(&world, NO_LOST "[units]\nno-lost=yes\n");
    add_filter(&world);
    const PstGateCase one = {
        .policy = world.policy,
        .guest = "web",
        .before = world.before,
        .answers = world.answers,
        .n_answers = world.n,
    };
    g_autofree PstAnswer **asked = pst_gate_questions_further(&one, &n);
    for (guint i = 0; i < n; i++) {
        n_ports += json_object_has_member(asked[i]->args, "protocol");
        pst_answer_free(asked[i]);
    }
    g_assert_cmpuint(n, ==, PST_LIMIT_API_QUESTIONS);
    g_assert_cmpuint(n_ports, ==, n - 1);

    g_autofree PstAnswer **answers = pst_gate_questions_unanswered(&one, cause, &n);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < world.n; i++)
        g_ptr_array_add(all, world.answers[i]);
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(all, answers[i]);
    PstGateCase told = one;
    told.answers = (PstAnswer *const *)all->pdata;
    told.n_answers = all->len;
    told.now = world.now;
    told.since = world.since;
    g_autoptr(PstGateVerdict) verdict = pst_gate_judge(&told);
    g_autofree char *text = pst_gate_to_text(verdict);
    g_assert_cmpint(verdict->result, ==, OPEN);
    g_assert_nonnull(strstr(text, "cron.service ran, and does not; what became of it is not known: "
                                  "the daemon is busy"));
    g_assert_nonnull(strstr(text, "ports.no-lost: the daemon is busy"));
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
}

/* What the kernel may have handed out to whoever asked for any port is not lost. */
static void
test_by_chance(void)
{
    static const struct {
        const char *protocol;
        gint64 port, from, to; /* 0: not told */
        PstGateResult result;
    } cases[] = {
        {"udp", 5140, 1024, 65535, PASS}, {"udp", 5140, 32768, 60999, FAIL},
        {"udp", 5140, 0, 0, FAIL},        {"udp", 514, 1024, 65535, FAIL},
        {"tcp", 5140, 1024, 65535, FAIL}, {"tcp", 32768, 0, 0, PASS},
        {"udp", 32768, 0, 0, PASS},       {"udp", 5140, 5140, 5140, PASS},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        PstNetworkListening *row = world_listen(&former, cases[i].port, "0.0.0.0");
        g_free(row->protocol);
        row->protocol = g_strdup(cases[i].protocol);
        if (cases[i].from != 0) {
            former.guest.network->ports_from = cases[i].from;
            former.guest.network->ports_to = cases[i].to;
        }
        world_init(&world);
        /* What the change makes of it does not hide what it took away. */
        world.guest.network->ports_from = 1;
        world.guest.network->ports_to = 65535;
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)cases[i].result)
            g_error("row %u: %s", i, text);
    }
}

/* 100 for port 22, and 1 for any other one. */
static guint
count_ports(PstAnswer **questions, guint n)
{
    guint asked = 0;

    for (guint i = 0; i < n; i++) {
        if (json_object_has_member(questions[i]->args, "protocol"))
            asked += json_object_get_int_member(questions[i]->args, "port") == 22 ? 100 : 1;
        pst_answer_free(questions[i]);
    }
    return asked;
}

static void
was_silent(World *world)
{
    PstAnswer *answer = world_find(world, "firewall", NULL);

    g_clear_pointer(&answer->report, pst_report_free);
}

static void
was_filtered_outwards(World *world)
{
    add_chain(world, "output", "filter", "accept", 1);
}

static void
was_cut(World *world)
{
    world_find(world, "firewall", NULL)->report->truncated = TRUE;
}

static void
tell(World *world, gint64 port, const char *verdict)
{
    PstFirewallListened *row =
        pst_fields_append(&pst_report_firewall_listened_fields, &world->guest.firewall->listened);

    row->port = port;
    row->protocol = g_strdup("tcp");
    row->family = g_strdup("ipv4");
    row->verdict = g_strdup(verdict);
}

static void
was_the_same(World *world)
{
    was_filtered(world);
    world->guest.firewall->digest = g_strdup(DIGEST);
    tell(world, 22, "depends");
}

/* What the filters did with 443 by the baseline, and do: in short where no port was named, and
 * asked about it. */
static void
test_filtered(void)
{
    static const struct {
        const char *before, *now; /* NULL: not told */
        const char *asked;
        gboolean same, elsewhere; /* the same rules; asked from another address */
        PstGateResult result;
        const char *said;
    } cases[] = {
        {"accept", "drop", "drop", FALSE, FALSE, FAIL, "and did not before"},
        {"accept", "accept", "drop", FALSE, FALSE, PASS, NULL},
        {"accept", NULL, "accept", FALSE, FALSE, PASS, NULL},
        {"accept", "unknown", "accept", FALSE, FALSE, PASS, NULL}, /* a named set, that was asked */
        {"accept", "depends", "depends", FALSE, FALSE, OPEN, "is not known"},
        {"depends", "drop", "drop", FALSE, FALSE, FAIL, NULL},
        {"depends", "depends", "depends", FALSE, FALSE, OPEN, NULL},
        {"depends", "depends", "depends", TRUE, FALSE, PASS, NULL},
        {"accept", "drop", "drop", TRUE, FALSE, FAIL, NULL}, /* an interface got another name */
        {"drop", "drop", "drop", FALSE, FALSE, PASS, NULL},  /* it was not open */
        {"unknown", "drop", "drop", FALSE, FALSE, OPEN, "does not tell whether they did"},
        {NULL, NULL, "drop", FALSE, FALSE, OPEN, "does not tell whether they did"},
        {NULL, NULL, "accept", FALSE, FALSE, PASS, NULL},
        {"accept", "drop", "drop", FALSE, TRUE, OPEN, "does not tell whether they did"},
        {"drop", "drop", "drop", FALSE, TRUE, OPEN, NULL},
        {"drop", "drop", "drop", TRUE, TRUE, OPEN, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};
        World *const both[] = {&former, &world};

        world_init(&former);
        world_init(&world);
        for (guint j = 0; j < G_N_ELEMENTS(both); j++) {
            const char *verdict = j == 0 ? cases[i].before : cases[i].now;

            listen_on(both[j], ANY4);
            add_filter(both[j]);
            if (cases[i].same)
                both[j]->guest.firewall->digest = g_strdup(DIGEST);
            if (verdict == NULL)
                continue;
            tell(both[j], 443, verdict);
        }
        if (cases[i].elsewhere)
            json_object_set_string_member(world_find(&former, "firewall", NULL)->args, "from",
                                          "192.0.2.9");
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        judge_filters(&world, cases[i].asked, NULL);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)cases[i].result ||
            (cases[i].said != NULL && strstr(text, cases[i].said) == NULL))
            g_error("row %u: %s", i, text);
    }
}

/* The filters are asked about each port of before, where that can be held against something, and
 * one may judge now: not of a guest that told nothing of them. */
static void
test_former_ports(void)
{
    static const struct {
        const char *policy;
        void (*before)(World *world), (*after)(World *world);
        guint first, asked;
    } cases[] = {
        {"[ports]\nno-lost=yes\nopen=443\n", NULL, NULL, 1, 0},
        {"[ports]\nno-lost=yes\nopen=443\n", NULL, was_filtered, 1, 100},
        {"[ports]\nno-lost=yes\nopen=443\n", NULL, was_cut, 1, 100},
        {"[ports]\nno-lost=yes\nopen=443\n", NULL, was_filtered_outwards, 1, 100},
        {"[ports]\nno-lost=yes\nopen=443\n", NULL, was_silent, 1, 0},
        {"[ports]\nno-lost=yes\nopen=22\n", NULL, was_filtered, 100, 1},
        {"[ports]\nno-lost=yes\nopen=443\n", was_filtered, was_filtered, 1, 100},
        {"[ports]\nno-lost=yes\nopen=443\n", was_the_same, was_the_same, 1, 0},
        {"[ports]\nno-lost=yes\nopen=443\n", was_the_same, was_filtered, 1, 100},
        {"[ports]\nno-lost=yes\nopen=443\n", was_cut, was_filtered, 1, 0},
        {"[findings]\nno-new=warning\n", NULL, was_filtered, 0, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};
        guint n = 0;

        world_init(&former);
        if (cases[i].before != NULL)
            cases[i].before(&former);
        g_autoptr(PstBaseline) before = world_baseline(&former);
        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        if (cases[i].after != NULL)
            cases[i].after(&world);
        const PstGateCase one = {.policy = world.policy,
                                 .guest = "web",
                                 .before = before,
                                 .answers = world.answers,
                                 .n_answers = world.n};
        g_autofree PstAnswer **questions = pst_gate_questions(&one, &n);
        guint first = count_ports(questions, n);
        g_autofree PstAnswer **further = pst_gate_questions_further(&one, &n);
        guint asked = count_ports(further, n);
        g_test_message("row %u", i);
        g_assert_cmpuint(first, ==, cases[i].first);
        g_assert_cmpuint(asked, ==, cases[i].asked);
    }
}

/* What is let in and perhaps not answered is not known to be open. */
static void
test_replies(void)
{
    static const PstGateResult expected[] = {OPEN, FAIL, PASS};

    for (PstTri replies = PST_TRI_UNKNOWN; replies <= PST_TRI_YES; replies++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, "[ports]\nopen=443\n");
        ((PstFirewallVerdict *)world.port->verdicts->pdata[0])->replies = replies;
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_assert_cmpint(verdict->result, ==, expected[replies]);
    }
}

/* What follows the first packet, by a shim that tells it. */
static void
test_later(void)
{
    static const struct {
        const char *later;
        PstGateResult result;
    } cases[] = {{NULL, PASS},     {"accept", PASS},  {"drop", FAIL},
                 {"reject", FAIL}, {"unknown", OPEN}, {"depends", OPEN}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, "[ports]\nopen=443\n");
        ((PstFirewallVerdict *)world.port->verdicts->pdata[0])->later = g_strdup(cases[i].later);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_assert_cmpint(verdict->result, ==, cases[i].result);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/ports/versions", test_versions);
    g_test_add_func("/gate/ports/former-filters", test_former_filters);
    g_test_add_func("/gate/ports/by-chance", test_by_chance);
    g_test_add_func("/gate/ports/many", test_many);
    g_test_add_func("/gate/ports/one-call", test_one_call);
    g_test_add_func("/gate/ports/filtered", test_filtered);
    g_test_add_func("/gate/ports/former", test_former_ports);
    g_test_add_func("/gate/ports/replies", test_replies);
    g_test_add_func("/gate/ports/later", test_later);
    return g_test_run();
}
