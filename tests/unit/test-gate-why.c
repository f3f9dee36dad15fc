// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/gate-world.h"

#define REACHABLE "[reachable]\nlogin=yes\nroot=yes\n"
#define UNITS "[units]\nactive=nginx\n"

/* ---- attribution ---- */

static void
test_lockout_is_attributed(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, REACHABLE);
    lock_out(&world);
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    const PstGateOutcome *first = verdict->broken->pdata[0];
    const PstGateFile *file = first->files->pdata[0];

    g_assert_cmpstr(first->expectation, ==, "reachable.root");
    g_assert_cmpstr(first->finding->id, ==, "access.no-root");
    g_assert_cmpstr(first->root->id, ==, "sudo.password-required");
    g_assert_cmpstr(file->path, ==, "/etc/sudoers.d/harness");
    g_assert_cmpint(file->named, ==, PST_TRI_YES);
    g_assert_nonnull(strstr(file->how, "written "));
    g_autoptr(JsonObject) json = pst_gate_to_json(verdict);
    g_assert_cmpstr(json_object_get_string_member(json, "result"), ==, "fail");
    g_assert_true(json_object_get_boolean_member(json, "settled"));
}

static void
test_unit_is_attributed(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, UNITS);
    unit_failed(&world);
    PstChangesUnit *change =
        pst_fields_append(&pst_report_changes_unit_fields, &world.changes->units);
    change->unit = g_strdup("nginx.service");
    change->path = g_strdup("/etc/systemd/system/nginx.service.d/x.conf");
    change->changed_us = MOMENT + 1;
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    const PstGateOutcome *first = verdict->broken->pdata[0];

    g_assert_cmpstr(first->unit, ==, "nginx.service");
    g_assert_cmpstr(((PstGateFile *)first->files->pdata[0])->path, ==, change->path);
    g_assert_cmpstr(((PstGateLine *)first->lines->pdata[0])->message, ==,
                    "bind() to 0.0.0.0:80 failed");
}

static void
changed(World *world, const char *path, const char *kind, gint64 changed_us)
{
    PstChangesFile *file =
        pst_fields_append(&pst_report_changes_file_fields, &world->changes->files);

    file->path = g_strdup(path);
    file->kind = g_strdup(kind);
    file->control_plane = PST_TRI_YES;
    file->changed_us = changed_us;
}

static void
blame_unit(World *world, const char *unit)
{
    GPtrArray *findings = world_find(world, "ssh", NULL)->report->findings;
    PstFinding *finding = findings->pdata[findings->len - 1];

    finding->evidence->unit = g_strdup(unit);
}

/* Where nothing names a file that was changed since, those that decide about access and were are
 * told as perhaps why; the folders that files came to or went from only where there are none. */
static void
test_candidates(void)
{
    static const struct {
        gboolean named, written, folder;
        const char *files; /* as they are told */
    } cases[] = {
        {FALSE, TRUE, TRUE, "/etc/ssh/sshd_config"},
        {FALSE, FALSE, TRUE, "/etc/sudoers.d"},
        {FALSE, FALSE, FALSE, ""},
        {TRUE, TRUE, TRUE, "/etc/ssh/sshd_config"},
        {TRUE, FALSE, FALSE, ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};
        GString *told = g_string_new(NULL);

        world_init(&world);
        world_set_policy(&world, REACHABLE);
        stop_sshd(&world);
        changed(&world, "/etc/pam.d/sudo", "written", MOMENT - 1);
        if (cases[i].named) {
            PstChangesUnit *unit =
                pst_fields_append(&pst_report_changes_unit_fields, &world.changes->units);
            unit->unit = g_strdup("ssh.service");
            unit->path = g_strdup("/etc/systemd/ssh.service");
            changed(&world, unit->path, "written", MOMENT - 1);
            blame_unit(&world, "ssh.service");
        }
        if (cases[i].written)
            changed(&world, "/etc/ssh/sshd_config", "written", MOMENT + 1);
        if (cases[i].folder)
            changed(&world, "/etc/sudoers.d", "folder", MOMENT + 1);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        const GPtrArray *files = ((PstGateOutcome *)verdict->broken->pdata[0])->files;
        for (guint j = 0; files != NULL && j < files->len; j++) {
            const PstGateFile *file = files->pdata[j];

            g_string_append_printf(told, "%s%s", j > 0 ? " " : "", file->path);
            g_assert_cmpint(file->named, ==, PST_TRI_NO);
        }
        g_assert_cmpstr(told->str, ==, cases[i].files);
        g_string_free(told, TRUE);
    }
}

/* Where a file is as it was, its folder tells of what is not there beside it; where nothing is said
 * to be missing it only may. What decides about access is told beside it. */
static void
test_folder(void)
{
    static const struct {
        const char *path, *expected;
        gboolean changed_itself, written;
        const char *files; /* as they are told: + is named */
    } cases[] = {
        {"/etc/pam.d/sshd", "/etc/pam.d/common-auth", FALSE, TRUE, "+/etc/pam.d -/etc/group"},
        {"/etc/pam.d/sshd", "/etc/pam.d/common-auth", FALSE, FALSE, "+/etc/pam.d"},
        {"/etc/pam.d/sshd", "/etc/pam.d/common-auth", TRUE, TRUE, "+/etc/pam.d/sshd"},
        {"/etc/ssh/sshd_config", "/etc/pam.d/x", FALSE, TRUE, "+/etc/pam.d -/etc/group"},
        {"/etc/pam.d/sshd", NULL, FALSE, TRUE, "-/etc/pam.d -/etc/group"},
        {"/etc/pam.d/sshd", NULL, FALSE, FALSE, "-/etc/pam.d"},
        {"/etc/pam.d/sshd", "0644", FALSE, TRUE, "-/etc/pam.d -/etc/group"},
        {"/etc/pam.d/sshd", "/etc/security/x", FALSE, TRUE, "-/etc/pam.d -/etc/group"},
        {"/etc/pam.d/sshd", NULL, TRUE, TRUE, "+/etc/pam.d/sshd"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};
        g_autoptr(GString) told = g_string_new(NULL);

        world_init(&world);
        world_set_policy(&world, REACHABLE);
        stop_sshd(&world);
        GPtrArray *findings = world_find(&world, "ssh", NULL)->report->findings;
        PstFinding *finding = findings->pdata[findings->len - 1];
        finding->evidence->path = g_strdup(cases[i].path);
        finding->evidence->expected = g_strdup(cases[i].expected);
        changed(&world, cases[i].path, "written",
                cases[i].changed_itself ? MOMENT + 1 : MOMENT - 1);
        changed(&world, "/etc/pam.d", "folder", MOMENT + 2);
        if (cases[i].written)
            changed(&world, "/etc/group", "written", MOMENT + 1);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        const GPtrArray *files = ((PstGateOutcome *)verdict->broken->pdata[0])->files;

        for (guint j = 0; j < files->len; j++) {
            const PstGateFile *file = files->pdata[j];

            g_string_append_printf(told, "%s%c%s", j > 0 ? " " : "",
                                   file->named == PST_TRI_YES ? '+' : '-', file->path);
        }
        g_test_message("row %u", i);
        g_assert_cmpstr(told->str, ==, cases[i].files);
    }
}

static PstChangesUnit *
wanted(World *world, const char *unit, const char *path, gint64 changed_us)
{
    PstChangesUnit *row =
        pst_fields_append(&pst_report_changes_unit_fields, &world->changes->units);

    row->unit = g_strdup(unit);
    row->path = g_strdup(path);
    row->changed_us = changed_us;
    changed(world, path, "created", changed_us);
    return row;
}

/* A failure's own file is told as changed where it was after the moment; where there is no moment,
 * with its age. */
static void
test_changed_since(void)
{
    static const struct {
        gint64 changed_us;
        gboolean has_moment;
        gboolean told;
    } cases[] = {
        {MOMENT + 1, TRUE, TRUE},
        {MOMENT - 1, TRUE, FALSE},
        {PST_INT_UNKNOWN, TRUE, FALSE},
        {MOMENT - 1, FALSE, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, UNITS);
        unit_failed(&world);
        wanted(&world, "nginx.service", "/etc/systemd/system/x.wants/nginx.service",
               cases[i].changed_us);
        if (!cases[i].has_moment)
            g_clear_pointer(&world.since, pst_since_free);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        const PstGateOutcome *first = verdict->broken->pdata[0];
        g_assert_cmpint(first->files != NULL, ==, cases[i].told);
    }
}

/* Sudo writes from the unit of whoever called it, which has nothing to do with it. */
static void
test_journal_of_sudo(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, "[journal]\npriority=err\n");
    wanted(&world, "ssh.service", "/etc/systemd/system/x.wants/ssh.service", MOMENT + 1);
    PstJournalLine *entry =
        pst_fields_append(&pst_report_journal_line_fields, &world.journal->entries);
    entry->identifier = g_strdup("sudo");
    entry->unit = g_strdup("ssh.service");
    entry->message = g_strdup("PAM unable to dlopen(pam_tally2.so)");
    entry->priority = 3;
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    const PstGateOutcome *first = verdict->broken->pdata[0];

    g_assert_null(first->unit);
    g_assert_null(first->files);
    g_assert_cmpuint(first->lines->len, ==, 1);
}

static void
log_group(World *world, const char *identifier, gint64 first_us, gint64 priority,
          const char *message)
{
    PstJournalGroup *group =
        pst_fields_append(&pst_report_journal_group_fields, &world->journal->groups);

    group->identifier = g_strdup(identifier);
    group->unit = g_strdup("session-3.scope");
    group->first_us = first_us;
    group->priority = priority;
    group->message = g_strdup(message);
    group->count = 1;
}

/* What names no unit has its first line by who writes of it, of after the moment. */
static void
test_line_by_writer(void)
{
    static const struct {
        void (*spoil)(World *world);
        gboolean has_moment;
        const char *line;
    } cases[] = {
        {lock_out, TRUE, "parse error"},
        {stop_sshd, TRUE, "fatal"},
        {lock_out, FALSE, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, REACHABLE);
        cases[i].spoil(&world);
        log_group(&world, "cron", MOMENT + 1, 3, "nothing to do with it");
        log_group(&world, "sudo", MOMENT - 1, 3, "before");
        log_group(&world, "sudo", MOMENT + 2, 6, "not urgent");
        log_group(&world, "sudo", MOMENT + 4, 3, "later");
        log_group(&world, "sudo", MOMENT + 3, 1, "parse error");
        log_group(&world, "sshd", MOMENT + 3, 2, "fatal");
        if (!cases[i].has_moment)
            g_clear_pointer(&world.since, pst_since_free);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        const PstGateOutcome *first = verdict->broken->pdata[0];

        if (cases[i].line == NULL) {
            g_assert_null(first->lines);
            continue;
        }
        g_assert_cmpuint(first->lines->len, ==, 1);
        g_assert_cmpstr(((PstGateLine *)first->lines->pdata[0])->message, ==, cases[i].line);
    }
}

/* ---- whether asking again is of use ---- */

static void
job_runs(World *world)
{
    world->system->manager->n_jobs = 1;
}

static void
job_of(World *world, const char *unit)
{
    PstSystemManager *manager = world->system->manager;
    PstSystemJob *job = pst_fields_append(&pst_report_system_job_fields, &manager->jobs);

    job->unit = g_strdup(unit);
    job->type = g_strdup("start");
    manager->n_jobs = (gint64)manager->jobs->len;
}

static void
oneshot_runs(World *world)
{
    job_of(world, "other.service");
}

static void
more_jobs_run(World *world)
{
    job_of(world, "other.service");
    world->system->manager->n_jobs = 2;
}

static void
sshd_restarts(World *world)
{
    job_of(world, "other.service");
    job_of(world, "ssh.service");
}

static void
loops(World *world)
{
    world_add_unit(world, "other.service", "activating");
}

static void
boots(World *world)
{
    g_free(world->system->manager->state);
    world->system->manager->state = g_strdup("starting");
}

static void
failed_and_loops(World *world)
{
    unit_failed(world);
    loops(world);
}

static void
failed_and_queued(World *world)
{
    unit_failed(world);
    job_of(world, "nginx.service");
}

static void
locked_and_loops(World *world)
{
    lock_out(world);
    loops(world);
}

static void
stopped_and_loops(World *world)
{
    stop_sshd(world);
    loops(world);
}

static void
low_and_loops(World *world)
{
    add_finding(world, "memory", "memory.low", PST_SEVERITY_CRITICAL);
    loops(world);
}

static void
hide_changes(World *world)
{
    world_silence(world_find(world, "changes", NULL), "it took too long");
}

static void
hide_services(World *world)
{
    world_silence(world_find(world, "services", NULL), "it took too long");
}

static void
refused_and_loops(World *world)
{
    hide_sudo(world);
    world_find(world, "sudo", NULL)->error->code = PST_ERROR_NOT_ALLOWED;
    loops(world);
}

static void
starts_and_locked(World *world)
{
    unit_starts(world);
    lock_out(world);
}

static void
starts_and_stopped(World *world)
{
    job_runs(world);
    stop_sshd(world);
}

static void
refuse_sudo(World *world)
{
    hide_sudo(world);
    world_find(world, "sudo", NULL)->error->code = PST_ERROR_NOT_ALLOWED;
}

static void
sudo_is_slow(World *world)
{
    add_finding(world, "sudo", "sudo.hangs", PST_SEVERITY_UNKNOWN);
    world->guest.sudo->verdict = PST_SUDO_UNKNOWN;
}

/* Nothing of what is asked is open. */
static void
sudo_is_slow_and_granted(World *world)
{
    add_finding(world, "sudo", "sudo.hangs", PST_SEVERITY_UNKNOWN);
}

static void
test_may_change(void)
{
    static const struct {
        const char *policy;
        void (*spoil)(World *world);
        gboolean may_change;
    } cases[] = {
        {REACHABLE, NULL, FALSE},
        {REACHABLE, job_runs, TRUE}, /* what passes may fail yet */
        {UNITS, unit_starts, TRUE},
        {UNITS, unit_failed, FALSE},
        {REACHABLE, lock_out, FALSE},
        {REACHABLE, starts_and_locked, FALSE}, /* a line of sudoers does not change by itself */
        {REACHABLE, starts_and_stopped, TRUE},
        {REACHABLE, hide_sudo, TRUE},
        {REACHABLE, sudo_is_slow, TRUE},
        {REACHABLE, sudo_is_slow_and_granted, FALSE},
        {REACHABLE, refuse_sudo, FALSE}, /* what is refused once is refused again */
        {REACHABLE, paused, TRUE},
        /* What holds is changed by what it stands on, and by nothing else. */
        {REACHABLE, oneshot_runs, FALSE},
        {REACHABLE, loops, FALSE},
        {REACHABLE, more_jobs_run, TRUE},
        {REACHABLE, sshd_restarts, TRUE},
        {REACHABLE, boots, TRUE},
        {REACHABLE, hide_changes, FALSE},
        {REACHABLE, hide_services, TRUE},
        {UNITS, oneshot_runs, FALSE},
        {UNITS, loops, FALSE},
        {UNITS, boots, TRUE},
        {"[units]\nno-failed=yes\n", loops, TRUE},
        {"[units]\nno-failed=yes\nexcept=other*\n", loops, FALSE},
        {"[journal]\npriority=err\n", loops, TRUE},
        {"[journal]\npriority=err\nunits=ssh\n", loops, FALSE},
        {"[findings]\nnone=critical\n", loops, TRUE},
        {"[settings]\nselinux=enforcing\n", loops, FALSE},
        /* What is broken is mended by anything that starts, but not what files say. */
        {REACHABLE, stopped_and_loops, TRUE},
        {REACHABLE, locked_and_loops, FALSE},
        {UNITS, failed_and_loops, FALSE},
        {UNITS, failed_and_queued, TRUE},
        {"[units]\nno-failed=yes\n", failed_and_loops, FALSE},
        {"[findings]\nnone=critical\n", low_and_loops, TRUE},
        {"[findings]\nnone=critical\n", locked_and_loops, FALSE},
        {"[finding sudo.*]\nverdict=forbid\n", locked_and_loops, FALSE},
        /* What fails the gate for it could not be checked, and won't be. */
        {REACHABLE, refused_and_loops, TRUE},
        {"[policy]\nunchecked=fail\n[units]\nactive=none\n", loops, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        if (cases[i].spoil != NULL)
            cases[i].spoil(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_test_message("row %u: %s", i, verdict->moving != NULL ? verdict->moving : "settled");
        g_assert_cmpint(pst_gate_may_change(verdict), ==, cases[i].may_change);
    }
}

static void
add_line_at(PstServicesUnit *unit, gint64 realtime_us, const char *message)
{
    PstServicesLine *line = pst_fields_append(&pst_report_services_line_fields, &unit->lines);

    line->realtime_us = realtime_us;
    line->priority = 4;
    line->message = g_strdup(message);
}

/* What a unit said before the change is not why it failed after it. */
static void
test_older_lines(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, "[units]\nactive=nginx\n");
    PstServicesUnit *unit = world.services->units->pdata[0];
    g_free(unit->active);
    unit->active = g_strdup("failed");
    add_line_at(unit, MOMENT + 3, "giving up");
    add_line_at(unit, MOMENT + 2, "bad certificate");
    add_line_at(unit, MOMENT - 2, "deprecated");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    const PstGateOutcome *first = verdict->broken->pdata[0];
    g_assert_cmpuint(first->lines->len, ==, 1);
    g_assert_cmpstr(((PstGateLine *)first->lines->pdata[0])->message, ==, "bad certificate");
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/lockout-is-attributed", test_lockout_is_attributed);
    g_test_add_func("/gate/unit-is-attributed", test_unit_is_attributed);
    g_test_add_func("/gate/candidates", test_candidates);
    g_test_add_func("/gate/folder", test_folder);
    g_test_add_func("/gate/changed-since", test_changed_since);
    g_test_add_func("/gate/journal-of-sudo", test_journal_of_sudo);
    g_test_add_func("/gate/line-by-writer", test_line_by_writer);
    g_test_add_func("/gate/may-change", test_may_change);
    g_test_add_func("/gate/older-lines", test_older_lines);
    return g_test_run();
}
