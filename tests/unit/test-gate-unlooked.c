// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/gate-world.h"

/* What could not be looked at, now or before, holds nothing and breaks nothing. */

static void
do_nothing(World *world G_GNUC_UNUSED)
{
}

/* ---- units ---- */

/* systemd was there, and did not tell in time. */
static void
units_untold(World *world)
{
    pst_fields_free(&pst_report_services_unit_fields, world->services->units->pdata[0]);
    g_clear_pointer(&world->services->units, g_ptr_array_unref);
    add_finding(world, "services", "services.could-not-look", PST_SEVERITY_UNKNOWN);
}

static void
units_untold_but_one(World *world)
{
    unit_failed(world);
    add_finding(world, "services", "services.could-not-look", PST_SEVERITY_UNKNOWN);
}

/* ---- the journal ---- */

/* A volatile one, after a start of the guest: nothing in it is as old as the moment. */
static void
journal_emptied(World *world)
{
    world->journal->after_found = PST_TRI_UNKNOWN;
}

static void
journal_emptied_log_error(World *world)
{
    journal_emptied(world);
    log_error(world);
}

/* By the clock alone: there is no place to be found. */
static void
journal_by_clock(World *world)
{
    journal_emptied(world);
    json_object_remove_member(world_find(world, "journal", "priority")->args, "after");
    g_clear_pointer(&world->since->mark->cursor, g_free);
}

/* ---- settings ---- */

static void
add_setting(World *world, const char *value)
{
    PstSshSetting *setting =
        pst_fields_append(&pst_report_ssh_setting_fields, &world->guest.ssh->settings);

    setting->name = g_strdup("PermitEmptyPasswords");
    setting->value = g_strdup(value);
}

static void
sshd_set(World *world)
{
    add_setting(world, "no");
    world->guest.ssh->restart_pending = PST_TRI_NO;
}

/* The files were mended, and nobody told the sshd that runs. */
static void
sshd_pending(World *world)
{
    add_setting(world, "no");
    world->guest.ssh->restart_pending = PST_TRI_YES;
    add_finding(world, "ssh", "ssh.restart-pending", PST_SEVERITY_INFORMATION);
}

/* As without its file of the process id. */
static void
sshd_start_untold(World *world)
{
    add_setting(world, "no");
    world->guest.ssh->restart_pending = PST_TRI_UNKNOWN;
}

static void
sshd_pending_wrong(World *world)
{
    add_setting(world, "yes");
    world->guest.ssh->restart_pending = PST_TRI_YES;
}

/* ---- files ---- */

static PstReport *
files_report(World *world)
{
    return world_find(world, "changes", "paths")->report;
}

static void
too_many_files(World *world)
{
    files_report(world)->truncated = TRUE;
    world->files->complete = PST_TRI_NO;
    world->files->incomplete = g_strdup("there are more than 50000");
}

static void
not_entered(World *world, const char *path)
{
    PstFinding *finding =
        pst_report_add(files_report(world), "changes.mount-not-entered", PST_SEVERITY_UNKNOWN,
                       "what is below %s was not gone through", path);

    finding->evidence->path = g_strdup(path);
}

static void
mount_not_entered(World *world)
{
    not_entered(world, "/etc/pve");
}

static void
mounts_not_entered(World *world)
{
    mount_not_entered(world);
    not_entered(world, "/etc/a");
}

static void
place_unlooked(World *world)
{
    PstFinding *finding =
        pst_report_add(files_report(world), "changes.could-not-look", PST_SEVERITY_UNKNOWN,
                       "could not look at /etc: Input/output error");

    finding->evidence->path = g_strdup("/etc");
    g_strfreev(world->files->looked_at);
    world->files->looked_at = g_new0(char *, 1);
}

/* ---- the table ---- */

#define PASS PST_GATE_PASS
#define FAIL PST_GATE_FAIL
#define OPEN PST_GATE_COULD_NOT_CHECK
#define JOURNAL "[journal]\npriority=err\n"
#define SSHD "[settings]\nsshd.PermitEmptyPasswords=no\n"
#define SELINUX "[settings]\nselinux=enforcing\n"
#define NO_FAILED "[units]\nno-failed=yes\n"
#define NO_NEW_FAILED "[units]\nno-new-failed=yes\n"
#define FILES "[files]\nbelow=/etc\n"

static const struct {
    const char *policy;
    void (*before)(World *world); /* NULL: there is no baseline */
    void (*after)(World *world);
    PstGateResult result;
    const char *says; /* of the first that does not hold; NULL: nothing */
} rows[] = {
    {NO_FAILED, NULL, do_nothing, PASS, NULL},
    {NO_FAILED, NULL, units_untold, OPEN, "services.could-not-look is so"},
    {NO_FAILED, NULL, units_untold_but_one, FAIL, "nginx.service is failed"},
    {NO_NEW_FAILED, NULL, units_untold, OPEN, "services.could-not-look is so"},
    {JOURNAL, NULL, do_nothing, PASS, NULL},
    {JOURNAL, NULL, journal_emptied, OPEN, "whether the journal still has its entry"},
    {JOURNAL, NULL, journal_emptied_log_error, FAIL, "1 new entry in the journal"},
    {JOURNAL, NULL, journal_by_clock, PASS, NULL},
    {SSHD, NULL, sshd_set, PASS, NULL},
    {SSHD, NULL, sshd_pending, OPEN, "ssh.restart-pending is so"},
    {SSHD, NULL, sshd_start_untold, OPEN, "nothing tells whether it was started anew"},
    {SSHD, NULL, sshd_pending_wrong, FAIL, "sshd.PermitEmptyPasswords is yes"},
    {SELINUX, NULL, sshd_pending, PASS, NULL},
    {FILES, NULL, too_many_files, OPEN, "there are more than 50000"},
    {FILES, NULL, mount_not_entered, OPEN, "/etc/pve was not gone through; except=/etc/pve/* lets"},
    {FILES "except=/etc/pve\n", NULL, mount_not_entered, OPEN, "/etc/pve was not gone through"},
    {FILES "except=/etc/pve/*\n", NULL, mount_not_entered, PASS, NULL},
    {FILES "except=/etc/pve/*\n", NULL, mounts_not_entered, OPEN, "/etc/a was not gone through"},
    {FILES, do_nothing, place_unlooked, OPEN, "could not look at /etc"},
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
        const GPtrArray *from = verdict->broken->len > 0 ? verdict->broken : verdict->unchecked;
        const PstGateOutcome *first = from->len > 0 ? from->pdata[0] : NULL;
        g_autofree char *text = pst_gate_to_text(verdict);

        if (verdict->result != (int)rows[i].result ||
            (rows[i].says != NULL &&
             (first == NULL || strstr(first->message, rows[i].says) == NULL)))
            g_error("row %u, %s: %s", i, rows[i].policy, text);
    }
}

/* Both may be of one second, and then the later one is none that was taken before. */
static void
test_within_a_second(void)
{
    g_auto(World) world = {0};
    g_autoptr(GDateTime) whole = NULL;

    world_init(&world);
    world_set_policy(&world, "[findings]\nno-new=warning\n");
    whole = g_steal_pointer(&world.now);
    world.now = g_date_time_add(whole, 700000);
    world.before = world_baseline(&world);
    world.before->taken_us = g_date_time_to_unix(whole) * G_USEC_PER_SEC + 500000;
    g_autoptr(PstGateVerdict) later = world_judge(&world);
    g_assert_cmpint(later->result, ==, PST_GATE_PASS);
    world.before->taken_us += 300000;
    g_autoptr(PstGateVerdict) earlier = world_judge(&world);
    g_assert_cmpint(earlier->result, ==, PST_GATE_COULD_NOT_CHECK);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/unlooked", test_table);
    g_test_add_func("/gate/unlooked/within-a-second", test_within_a_second);
    return g_test_run();
}
