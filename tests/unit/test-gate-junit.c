// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/gate-world.h"

#define REACHABLE "[reachable]\nlogin=yes\nroot=yes\n"

static guint
count_in(const char *text, const char *part)
{
    g_auto(GStrv) parts = g_strsplit(text, part, -1);

    return g_strv_length(parts) - 1;
}

static void
add_memory_finding(World *world, const char *path)
{
    PstFinding *finding = add_finding(world, "memory", "memory.low", PST_SEVERITY_WARNING);

    finding->evidence->path = g_strdup(path);
}

/* Consumers take two of one name for one. */
static void
test_junit_names(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, "[findings]\nnone=warning\n[units]\nno-failed=yes\n");
    add_memory_finding(&world, "/a");
    add_memory_finding(&world, "/b");
    add_memory_finding(&world, "/b");
    world_add_unit(&world, "one.service", "failed");
    world_add_unit(&world, "two.service", "failed");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 0);

    g_assert_cmpuint(verdict->broken->len, ==, 5);
    g_assert_cmpuint(count_in(xml, "name=\"findings.none warning memory.low@/a\""), ==, 1);
    g_assert_cmpuint(count_in(xml, "name=\"findings.none warning memory.low@/b\""), ==, 1);
    g_assert_cmpuint(count_in(xml, "name=\"findings.none warning memory.low@/b (2)\""), ==, 1);
    g_assert_cmpuint(count_in(xml, "name=\"units.no-failed one.service\""), ==, 1);
    g_assert_cmpuint(count_in(xml, "name=\"units.no-failed two.service\""), ==, 1);
}

/* The history of a case is that of one thing: each lost service and port, and each check, held or
 * broken, has it in its name, and no number. */
static void
test_junit_names_of_many(void)
{
    static const char *const names[] = {
        "units.no-lost cron.service", "ports.no-lost 80/tcp", "ports.no-lost 8080/tcp",
        "checks.pass * backup",       "checks.pass * page",   "checks.pass * gone",
        "checks.pass * slow",         "checks.pass backup",
    };
    static const char *const states[][2] = {
        {"backup", "ok"}, {"page", "critical"}, {"slow", "timed-out"}};
    g_auto(World) world = {0}, former = {0};

    world_init(&former);
    world_listen(&former, 80, "0.0.0.0");
    world_listen(&former, 8080, "0.0.0.0");
    former.services->running = g_strsplit("cron.service", " ", -1);
    PstChecksCheck *gone =
        pst_fields_append(&pst_report_checks_check_fields, &former.checks->checks);
    gone->name = g_strdup("gone");
    world_init(&world);
    world.services->running = g_new0(char *, 1);
    world_add_unit(&world, "cron.service", "inactive");
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        PstChecksCheck *check =
            pst_fields_append(&pst_report_checks_check_fields, &world.checks->checks);
        check->name = g_strdup(states[i][0]);
        check->state = g_strdup(states[i][1]);
    }
    world.before = world_baseline(&former);
    world_set_policy(&world, "[units]\nno-lost=yes\n[ports]\nno-lost=yes\n"
                             "[checks]\npass=*;backup\n");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 0);

    g_test_message("%s", xml);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_strdup_printf("name=\"%s\"", names[i]);
        g_assert_cmpuint(count_in(xml, name), ==, 1);
    }
    g_assert_cmpuint(count_in(xml, "<testcase"), ==, G_N_ELEMENTS(names));
    g_assert_cmpuint(count_in(xml, "(2)"), ==, 0);
}

/* What is no verdict is not green, whatever may be ignored. */
static void
test_junit_of_no_verdict(void)
{
    static const struct {
        const char *policy;
        void (*spoil)(World *world);
        const char *counts, *type; /* NULL: there is no such case */
    } cases[] = {
        {"[policy]\nunchecked=ignore\n" REACHABLE, paused,
         "tests=\"3\" failures=\"0\" errors=\"1\"", "type=\"not-checkable\""},
        {REACHABLE, paused, "tests=\"2\" failures=\"0\" errors=\"2\"", NULL},
        {"[policy]\nunchecked=fail\n" REACHABLE, paused, "tests=\"2\" failures=\"2\" errors=\"0\"",
         NULL},
        {"[policy]\nunchecked=ignore\n[reachable]\nroot=yes\n", hide_sudo,
         "tests=\"2\" failures=\"0\" errors=\"1\"", "type=\"could-not-check\""},
        {"[policy]\nunchecked=ignore\n" REACHABLE, hide_sudo,
         "tests=\"2\" failures=\"0\" errors=\"0\"", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        cases[i].spoil(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 0);

        g_test_message("row %u: %s", i, xml);
        g_assert_nonnull(strstr(xml, cases[i].counts));
        g_assert_cmpint(strstr(xml, "name=\"verdict\"") != NULL, ==, cases[i].type != NULL);
        if (cases[i].type != NULL)
            g_assert_nonnull(strstr(xml, cases[i].type));
    }
}

/* What text and JSON tell beside the outcomes. */
static void
test_junit_has_the_rest(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, REACHABLE "[findings]\nnone=warning\n"
                                       "[finding memory.*]\nreason=soon\nuntil=2020-01-01\n");
    lock_out(&world);
    add_memory_finding(&world, "/a");
    world.system->manager->n_jobs = 1;
    g_free(world.system->boot_id);
    world.system->boot_id = g_strdup("00000000000000000000000000000001");
    GPtrArray *findings = world_find(&world, "sudo", NULL)->report->findings;
    PstUndo *undo = pst_report_undo(findings->pdata[findings->len - 1], PST_UNDO_MODE);
    undo->mode = g_strdup("0440");
    undo->path = g_strdup("/etc/sudoers.d/harness");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 0);

    g_test_message("%s", xml);
    g_assert_nonnull(strstr(xml, "name=\"settled\" value=\"true\""));
    g_assert_nonnull(strstr(xml, "name=\"moving\" value=\"1 job"));
    g_assert_nonnull(strstr(xml, "name=\"note-1\" value=\""));
    g_assert_nonnull(strstr(xml, "name=\"expired-exception-1\" value=\"[memory.low] "));
    g_assert_nonnull(strstr(xml, "until 2020-01-01\""));
    g_assert_nonnull(strstr(xml, "undo: chmod 0440 /etc/sudoers.d/harness\n"));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/junit/names", test_junit_names);
    g_test_add_func("/gate/junit/names-of-many", test_junit_names_of_many);
    g_test_add_func("/gate/junit/no-verdict", test_junit_of_no_verdict);
    g_test_add_func("/gate/junit/the-rest", test_junit_has_the_rest);
    return g_test_run();
}
