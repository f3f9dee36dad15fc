// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/gate-world.h"

/* Which findings count, and against what of before. */

static void
do_nothing(World *world G_GNUC_UNUSED)
{
}

/* ---- units that are expected not to run ---- */

static void
miss_unit(World *world, const char *id)
{
    PstServicesUnit *unit = world_add_unit(world, "telnet.service", "inactive");
    PstFinding *finding = add_finding(world, "services", id, PST_SEVERITY_CRITICAL);

    unit->asked_as = g_strdup("telnet");
    finding->evidence->unit = g_strdup("telnet.service");
}

static void
telnet_inactive(World *world)
{
    miss_unit(world, "services.inactive");
}

static void
telnet_masked(World *world)
{
    miss_unit(world, "services.masked");
}

static void
telnet_not_found(World *world)
{
    miss_unit(world, "services.not-found");
}

static void
telnet_unusable(World *world)
{
    miss_unit(world, "services.unusable");
}

static void
telnet_and_other_inactive(World *world)
{
    telnet_inactive(world);
    world_add_unit(world, "cron.service", "inactive")->asked_as = g_strdup("cron");
    add_finding(world, "services", "services.inactive", PST_SEVERITY_CRITICAL)->evidence->unit =
        g_strdup("cron.service");
}

/* ---- what is forbidden by a pattern ---- */

static void
memory_unlooked(World *world)
{
    add_finding(world, "memory", "memory.could-not-look", PST_SEVERITY_UNKNOWN);
}

static void
memory_unlooked_and_low(World *world)
{
    memory_unlooked(world);
    add_finding(world, "memory", "memory.low", PST_SEVERITY_INFORMATION);
}

/* ---- what could not be looked at before ---- */

static PstFinding *
memory_low(World *world, const char *path)
{
    PstFinding *finding = add_finding(world, "memory", "memory.low", PST_SEVERITY_CRITICAL);

    finding->evidence->path = g_strdup(path);
    return finding;
}

static void
low_at_a_b(World *world)
{
    memory_low(world, "/a/b");
}

static void
low_at_ab(World *world)
{
    memory_low(world, "/ab");
}

/* What can't be looked at takes the place of nothing that is known. */
static void
low_and_unlooked(World *world)
{
    add_finding(world, "memory", "memory.low", PST_SEVERITY_UNKNOWN)->evidence->path =
        g_strdup("/a/b");
    low_at_a_b(world);
}

static void
a_unlooked(World *world)
{
    add_finding(world, "memory", "memory.could-not-look", PST_SEVERITY_UNKNOWN)->evidence->path =
        g_strdup("/a");
}

static void
other_unlooked(World *world)
{
    add_finding(world, "sudo", "sudo.could-not-look", PST_SEVERITY_UNKNOWN);
}

/* It is not of all. */
static void
half_known(World *world)
{
    add_finding(world, "memory", "memory.partly", PST_SEVERITY_UNKNOWN);
}

static void
units_unlooked(World *world)
{
    pst_fields_free(&pst_report_services_unit_fields, world->services->units->pdata[0]);
    g_clear_pointer(&world->services->units, g_ptr_array_unref);
    add_finding(world, "services", "services.could-not-look", PST_SEVERITY_UNKNOWN);
}

/* ---- the table ---- */

#define PASS PST_GATE_PASS
#define FAIL PST_GATE_FAIL
#define OPEN PST_GATE_COULD_NOT_CHECK
#define NONE "[findings]\nnone=critical\n"
#define NO_NEW "[findings]\nno-new=warning\n"
#define FORBID "[finding memory.*]\nverdict=forbid\n"
#define NO_NEW_FAILED "[units]\nno-new-failed=yes\n"
#define NO_TELNET "[units]\ninactive=telnet\n"

static const struct {
    const char *policy;
    void (*before)(World *world); /* NULL: there is no baseline */
    void (*after)(World *world);
    PstGateResult result;
} rows[] = {
    {NO_TELNET NONE, NULL, telnet_inactive, PASS},
    {NO_TELNET NONE, NULL, telnet_masked, PASS},
    {NO_TELNET NONE, NULL, telnet_not_found, PASS},
    {"[units]\ninactive=telnet.service\n" NONE, NULL, telnet_inactive, PASS},
    {NO_TELNET NO_NEW, do_nothing, telnet_inactive, PASS},
    {NO_TELNET NONE, NULL, telnet_unusable, FAIL},
    {NO_TELNET NONE, NULL, telnet_and_other_inactive, FAIL},
    {NONE, NULL, telnet_inactive, FAIL},
    {NO_TELNET "[finding services.inactive]\nverdict=forbid\n", NULL, telnet_inactive, FAIL},
    {NO_NEW, do_nothing, low_at_a_b, FAIL},
    {NO_NEW, memory_unlooked, low_at_a_b, OPEN},
    {NO_NEW, memory_unlooked, do_nothing, PASS},
    {NO_NEW, low_at_a_b, low_and_unlooked, OPEN},
    {NO_NEW, do_nothing, low_and_unlooked, FAIL},
    {NO_NEW, a_unlooked, low_at_a_b, OPEN},
    {NO_NEW, a_unlooked, low_at_ab, FAIL},
    {NO_NEW, other_unlooked, low_at_a_b, FAIL},
    {NO_NEW, half_known, low_at_a_b, FAIL},
    {NO_NEW_FAILED, do_nothing, unit_failed, FAIL},
    {NO_NEW_FAILED, do_nothing, unit_failed_before, FAIL},
    {NO_NEW_FAILED, units_unlooked, unit_failed, FAIL}, /* it failed after the moment */
    {NO_NEW_FAILED, units_unlooked, unit_failed_before, PASS},
    {NO_NEW_FAILED, unit_failed, unit_failed, PASS},
    {FORBID, NULL, do_nothing, PASS},
    {FORBID, NULL, memory_unlooked, OPEN},
    {FORBID, NULL, memory_unlooked_and_low, FAIL},
    {"[policy]\nunchecked=fail\n" FORBID, NULL, memory_unlooked, FAIL},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        world_init(&world);
        world_set_policy(&world, rows[i].policy);
        if (rows[i].before != NULL) {
            rows[i].before(&former);
            world.before = world_baseline(&former);
        }
        rows[i].after(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)rows[i].result)
            g_error("row %u, %s: %s", i, rows[i].policy, text);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/findings", test_table);
    return g_test_run();
}
