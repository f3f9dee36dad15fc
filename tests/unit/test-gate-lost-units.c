// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-judges.h"
#include "tests/unit/gate-world.h"

/* A service that ran when the baseline was taken and does not run now. */

#define NO_LOST "[units]\nno-lost=yes\n"
#define PASS PST_GATE_PASS
#define FAIL PST_GATE_FAIL
#define OPEN PST_GATE_COULD_NOT_CHECK

typedef struct {
    const char *policy;
    const char *former, *now; /* what runs; NULL: it does not tell */
    const char *active;       /* what the second asking says of each that was lost; NULL: nothing */
    const char *enabled;
    PstGateResult result;
    const char *says;
    const char *sub;
    const char *first;        /* what the first answers say of it; NULL: nothing */
    const char *load, *ended; /* its result */
    PstTri wanted, on_demand;
} Row;

static const Row rows[] = {
    {NO_LOST, "cron nginx", "cron nginx", NULL, NULL, PASS, "every service runs that ran"},
    {NO_LOST, "cron", "cron nginx", NULL, NULL, PASS, "every service runs that ran"},
    {NO_LOST, "cron nginx", "cron", "inactive", "enabled", FAIL,
     "nginx.service ran, and is inactive"},
    {NO_LOST, "cron nginx", "cron", "inactive", "disabled", FAIL, "ran, and is inactive"},
    {NO_LOST, "cron nginx", "cron", "inactive", "masked", FAIL, "ran, and is inactive"},
    {NO_LOST, "cron nginx", "cron", "inactive", NULL, FAIL, "ran, and is inactive"},
    {NO_LOST, "cron nginx", "cron", "failed", "enabled", FAIL, "ran, and is failed"},
    {NO_LOST, "cron nginx", "cron", "inactive", "static", PASS, "every service runs that ran"},
    {NO_LOST, "cron nginx", "cron", "inactive", "transient", PASS, "every service runs that ran"},
    {NO_LOST, "cron nginx", "cron", "active", "enabled", PASS, "every service runs that ran"},
    {NO_LOST, "cron nginx", "cron", NULL, NULL, OPEN, "what became of it is not known"},
    {NO_LOST, NULL, "cron", NULL, NULL, OPEN, "the baseline does not tell which services ran"},
    {NO_LOST, "cron", NULL, NULL, NULL, OPEN, ""},
    {NO_LOST "except=nginx*\n", "cron nginx", "cron", "inactive", "enabled", PASS, "runs"},
    /* It is told where it is failed by the first answers, and only there. */
    {NO_LOST "no-new-failed=yes\n", "cron nginx", "cron", "failed", "enabled", FAIL,
     "units.no-lost: nginx.service ran, and is failed"},
    {NO_LOST "no-failed=yes\n", "cron nginx", "cron", "failed", "enabled", FAIL,
     "units.no-lost: nginx.service ran, and is failed"},
    {NO_LOST "no-new-failed=yes\n", "cron nginx", "cron", NULL, NULL, FAIL,
     "units.no-lost: every service runs that ran, but those told as failed", NULL, "failed"},
    {NO_LOST "no-failed=yes\n", "cron nginx", "cron", NULL, NULL, FAIL,
     "units.no-lost: every service runs that ran, but those told as failed", NULL, "failed"},
    {NO_LOST, "cron nginx", "cron", NULL, NULL, FAIL,
     "units.no-lost: nginx.service ran, and is failed", NULL, "failed"},
    {NO_LOST, "cron nginx", "cron", "failed", "static", FAIL, "ran, and is failed"},
    /* What neither runs nor has ended. */
    {NO_LOST, "cron nginx", "cron", "reloading", "enabled", PASS, "every service runs that ran"},
    {NO_LOST, "cron nginx", "cron", "activating", "enabled", FAIL,
     "nginx.service ran, and is activating (start-pre)", "start-pre"},
    {NO_LOST "no-new-failed=yes\n", "cron nginx", "cron", NULL, NULL, FAIL,
     "nginx.service ran, and is activating", NULL, "activating"},
    {NO_LOST, "cron nginx", "cron", "deactivating", "enabled", FAIL, "ran, and is deactivating"},
    {NO_LOST, "cron nginx", "cron", "maintenance", "enabled", FAIL, "ran, and is maintenance"},
    {NO_LOST, "cron nginx", "cron", "maintenance", "static", FAIL, "ran, and is maintenance"},
    {NO_LOST, "cron nginx", "cron", "activating", "static", PASS, "every service runs that ran",
     "start"},
    {NO_LOST, "cron nginx", "cron", "activating", "static", FAIL,
     "ran, and is activating (auto-restart)", "auto-restart"},
};

static char **
services(const char *names)
{
    char **all = names != NULL ? g_strsplit(names, " ", -1) : NULL;

    for (char **name = all; name != NULL && *name != NULL; name++) {
        char *unit = g_strconcat(*name, ".service", NULL);

        g_free(*name);
        *name = unit;
    }
    return all;
}

static void
run_services(World *world, const char *names)
{
    g_strfreev(world->services->running);
    world->services->running = services(names);
}

/* As the gate does: what is lost by the first answers is asked about. */
static void
answer_further(World *world, const Row *row)
{
    const PstGateCase one = {.policy = world->policy,
                             .guest = "web",
                             .before = world->before,
                             .answers = world->answers,
                             .n_answers = world->n};
    guint n = 0;
    g_autofree PstAnswer **asked = pst_gate_questions_further(&one, &n);

    for (guint i = 0; i < n; i++) {
        g_autoptr(PstAnswer) question = asked[i];

        if (!g_str_equal(question->probe, "services") || row->active == NULL)
            continue;
        PstServicesData *data =
            world_add(world, &pst_report_services_kind, json_object_ref(question->args));
        PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);
        unit->name = g_strdup("nginx.service");
        unit->asked_as = g_strdup("nginx.service");
        unit->load = g_strdup(row->load != NULL ? row->load : "loaded");
        unit->active = g_strdup(row->active);
        unit->sub = g_strdup(row->sub);
        unit->enabled = g_strdup(row->enabled);
        unit->result = g_strdup(row->ended);
        unit->wanted = row->wanted;
        unit->on_demand = row->on_demand;
    }
}

static void
forget_units(World *world)
{
    for (guint i = 0; i < world->services->units->len; i++)
        pst_fields_free(&pst_report_services_unit_fields, world->services->units->pdata[i]);
    g_clear_pointer(&world->services->units, g_ptr_array_unref);
}

static void
judge_row(guint i, const Row *row)
{
    g_auto(World) world = {0}, former = {0};

    world_init(&former);
    run_services(&former, row->former);
    world_init(&world);
    forget_units(&world);
    run_services(&world, row->now);
    if (row->first != NULL)
        world_add_unit(&world, "nginx.service", row->first);
    world.before = world_baseline(&former);
    world_set_policy(&world, row->policy);
    answer_further(&world, row);
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *text = pst_gate_to_text(verdict);

    if (verdict->result != (int)row->result || strstr(text, row->says) == NULL)
        g_error("row %u: %s", i, text);
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        judge_row(i, &rows[i]);
}

/* What ended in order and is started when it is needed was not lost: cups and docker, whose sockets
 * wait, and NetworkManager-dispatcher, which is enabled by its name on the bus alone. */
static void
test_waits_for_work(void)
{
    static const struct {
        const char *active, *enabled, *load, *ended;
        PstTri wanted, on_demand;
        PstGateResult result;
    } cases[] = {
        {"inactive", "enabled", "loaded", "success", PST_TRI_YES, PST_TRI_YES, PASS},
        {"inactive", "disabled", "loaded", "success", PST_TRI_NO, PST_TRI_YES, PASS},
        {"inactive", "enabled", "loaded", "success", PST_TRI_NO, PST_TRI_NO, PASS},
        {"inactive", "enabled", "loaded", "success", PST_TRI_YES, PST_TRI_NO, FAIL},
        /* By a link that a generator made, which is looked for nowhere. */
        {"inactive", "enabled-runtime", "loaded", "success", PST_TRI_NO, PST_TRI_NO, FAIL},
        /* Somebody had started it by hand. */
        {"inactive", "disabled", "loaded", "success", PST_TRI_NO, PST_TRI_NO, FAIL},
        {"inactive", "masked", "masked", "success", PST_TRI_NO, PST_TRI_YES, FAIL},
        {"inactive", "enabled", "loaded", "exec-condition", PST_TRI_YES, PST_TRI_YES, FAIL},
        {"failed", "enabled", "loaded", "exit-code", PST_TRI_YES, PST_TRI_YES, FAIL},
        {"activating", "enabled", "loaded", "success", PST_TRI_YES, PST_TRI_YES, FAIL},
        {"inactive", "enabled", "loaded", "success", PST_TRI_UNKNOWN, PST_TRI_UNKNOWN, FAIL},
        {"inactive", "", "not-found", "success", PST_TRI_NO, PST_TRI_NO, FAIL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Row row = {.policy = NO_LOST,
                         .former = "cron nginx",
                         .now = "cron",
                         .active = cases[i].active,
                         .enabled = cases[i].enabled,
                         .result = cases[i].result,
                         .says = "",
                         .load = cases[i].load,
                         .ended = cases[i].ended,
                         .wanted = cases[i].wanted,
                         .on_demand = cases[i].on_demand};

        judge_row(i, &row);
    }
}

/* What did its work and counts as active, as nftables, is lost where somebody stops it; not where
 * it runs by now. An older shim does not tell of these: then they are asked about. */
static void
test_exited(void)
{
    static const struct {
        const char *running, *exited, *active;
        PstGateResult result;
        const char *says;
    } cases[] = {
        {"cron", "nginx", NULL, PASS, "every service runs that ran"},
        {"cron nginx", "", NULL, PASS, "every service runs that ran"},
        {"cron", "", "inactive", FAIL, "nginx.service was active, and is inactive"},
        {"cron", "", NULL, OPEN, "nginx.service was active, and is not told to be"},
        {"cron", NULL, "active", PASS, "every service runs that ran"},
        {"cron", NULL, "inactive", FAIL, "nginx.service was active, and is inactive"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Row row = {.active = cases[i].active, .enabled = "enabled"};
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        run_services(&former, "cron");
        former.services->exited = services("nginx");
        world_init(&world);
        forget_units(&world);
        run_services(&world, cases[i].running);
        world.services->exited = services(cases[i].exited);
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        answer_further(&world, &row);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)cases[i].result || strstr(text, cases[i].says) == NULL)
            g_error("row %u: %s", i, text);
    }
}

/* A baseline of an older shim does not tell of them, and neither did anybody as long as there is no
 * newer one. */
static void
test_exited_untold(void)
{
    for (guint i = 0; i < 2; i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        run_services(&former, "cron");
        world_init(&world);
        run_services(&world, "cron");
        world.services->exited = services(i == 0 ? NULL : "");
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_assert_cmpint(verdict->result, ==, i == 0 ? PASS : OPEN);
    }
}

/* Whoever asked for both its names is told by both. */
static void
test_aliases(void)
{
    static const char *const names[] = {"ssh.service", "sshd.service", "openssh.service", NULL};
    g_auto(World) world = {0};

    world_init(&world);
    PstServicesUnit *unit = world_add_unit(&world, "ssh.service", "active");
    unit->asked_as = g_strdup("sshd.service");
    unit->also_asked_as = g_strdupv((char **)names);
    world_set_policy(&world, "[units]\nactive=ssh;sshd;openssh\n");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_assert_cmpint(verdict->result, ==, PASS);
    g_assert_cmpuint(verdict->held->len, ==, 3);
}

/* What starts, or ends, may run yet: whoever waits asks again. */
static void
test_moves(void)
{
    static const struct {
        const char *active;
        gboolean by_first, moves;
    } cases[] = {
        {"activating", FALSE, TRUE}, {"activating", TRUE, TRUE},    {"deactivating", FALSE, TRUE},
        {"inactive", FALSE, FALSE},  {"maintenance", FALSE, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Row row = {.active = cases[i].by_first ? NULL : cases[i].active,
                         .enabled = "enabled"};
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        run_services(&former, "nginx");
        world_init(&world);
        forget_units(&world);
        run_services(&world, "");
        if (cases[i].by_first)
            world_add_unit(&world, "nginx.service", cases[i].active);
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        answer_further(&world, &row);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);

        g_test_message("row %u: %s", i, verdict->moving != NULL ? verdict->moving : "settled");
        g_assert_cmpint(verdict->result, ==, FAIL);
        g_assert_cmpint(verdict->moving != NULL, ==, cases[i].moves);
        g_assert_cmpint(pst_gate_may_change(verdict), ==, cases[i].moves);
    }
}

/* Of whom nobody knows whether it failed anew no-new-failed says nothing: it is lost. */
static void
test_untold_failure(void)
{
    g_auto(World) world = {0}, former = {0};

    world_init(&former);
    forget_units(&former);
    run_services(&former, "nginx");
    world_find(&former, "services", NULL)->report->truncated = TRUE;
    world_init(&world);
    forget_units(&world);
    run_services(&world, "");
    world_add_unit(&world, "nginx.service", "failed")->since_us = PST_INT_UNKNOWN;
    world.before = world_baseline(&former);
    world_set_policy(&world, NO_LOST "no-new-failed=yes\n");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    const PstGateOutcome *broken = verdict->broken->pdata[0];

    g_assert_cmpuint(verdict->broken->len, ==, 1);
    g_assert_cmpstr(broken->expectation, ==, "units.no-lost");
    g_assert_cmpuint(verdict->unchecked->len, ==, 1);
}

/* A baseline that does not tell of all tells of what is lost, and never that nothing is. */
static void
test_short_baseline(void)
{
    static const struct {
        gboolean cut, blind;
        const char *now;
        PstGateResult result;
        const char *says;
    } cases[] = {
        {FALSE, FALSE, "cron", PASS, "every service runs that ran"},
        {TRUE, FALSE, "cron", OPEN, "it does not tell of all: its report was cut"},
        {FALSE, TRUE, "cron", OPEN, "it does not tell of all: services.could-not-look is so"},
        {TRUE, TRUE, "", FAIL, "nginx.service ran, and is inactive"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gboolean lost = cases[i].now[0] == '\0';
        const Row row = {.active = lost ? "inactive" : NULL, .enabled = "enabled"};
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        run_services(&former, lost ? "nginx" : "cron");
        world_find(&former, "services", NULL)->report->truncated = cases[i].cut;
        if (cases[i].blind)
            add_finding(&former, "services", "services.could-not-look", PST_SEVERITY_UNKNOWN);
        world_init(&world);
        forget_units(&world);
        run_services(&world, cases[i].now);
        world.before = world_baseline(&former);
        world_set_policy(&world, NO_LOST);
        answer_further(&world, &row);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)cases[i].result || strstr(text, cases[i].says) == NULL)
            g_error("row %u: %s", i, text);
    }
}

/* What is lost is asked about, once, and nothing is where nothing is lost. */
static void
test_questions(void)
{
    static const struct {
        const char *policy, *former, *now;
        guint n;
    } cases[] = {
        {NO_LOST, "cron apache", "cron apache", 0},
        {NO_LOST, "cron apache", "cron", 1},
        {NO_LOST, "a b c", "", 3},
        {NO_LOST "except=apache*\n", "cron apache", "cron", 0},
        {"[units]\nno-failed=yes\n", "cron apache", "cron", 0},
        /* Which the first answers tell already. */
        {NO_LOST "inactive=lost\n", "cron lost", "cron", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        run_services(&former, cases[i].former);
        world_init(&world);
        run_services(&world, cases[i].now);
        world_add_unit(&world, "lost.service", "inactive");
        world.before = world_baseline(&former);
        world_set_policy(&world, cases[i].policy);
        const PstGateCase one = {.policy = world.policy,
                                 .before = world.before,
                                 .answers = world.answers,
                                 .n_answers = world.n};
        g_autoptr(GPtrArray) lost = pst_gate_judges_former_units(&one);
        g_test_message("row %u", i);
        g_assert_cmpuint(lost->len, ==, cases[i].n);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/lost-units/table", test_table);
    g_test_add_func("/gate/lost-units/waits-for-work", test_waits_for_work);
    g_test_add_func("/gate/lost-units/exited", test_exited);
    g_test_add_func("/gate/lost-units/exited-untold", test_exited_untold);
    g_test_add_func("/gate/lost-units/aliases", test_aliases);
    g_test_add_func("/gate/lost-units/moves", test_moves);
    g_test_add_func("/gate/lost-units/untold-failure", test_untold_failure);
    g_test_add_func("/gate/lost-units/short-baseline", test_short_baseline);
    g_test_add_func("/gate/lost-units/questions", test_questions);
    return g_test_run();
}
