// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/json.h"
#include "tests/unit/gate-world.h"

/* ---- what is done to the guest ---- */

static void
record_all(World *world)
{
    for (guint i = 0; i < world->n; i++) {
        world->answers[i]->via = PST_VIA_VOLUME;
        world->answers[i]->age_ms = 60000;
    }
}

/* By 500 s, of the 1,000 that have passed. */
static void
set_clock_back(World *world)
{
    world->system->clock->realtime_us -= 500 * G_USEC_PER_SEC;
}

/* A unit's moment is told by the clock that is: so long ago. */
static void
set_back_unit_failed(World *world)
{
    set_clock_back(world);
    unit_failed(world);
    ((PstServicesUnit *)world->services->units->pdata[0])->since_us -= 500 * G_USEC_PER_SEC;
}

static void
set_back_unit_failed_before(World *world)
{
    set_clock_back(world);
    unit_failed_before(world);
    ((PstServicesUnit *)world->services->units->pdata[0])->since_us -= 500 * G_USEC_PER_SEC;
}

static void
set_forward_unit_failed_before(World *world)
{
    unit_failed_before(world);
    world->system->clock->realtime_us += 500 * G_USEC_PER_SEC;
    ((PstServicesUnit *)world->services->units->pdata[0])->since_us += 500 * G_USEC_PER_SEC;
}

static void
set_back_untold_unit_failed(World *world)
{
    unit_failed(world);
    world->system->clock->realtime_us = PST_INT_UNKNOWN;
}

static void
restart(World *world)
{
    g_free(world->system->boot_id);
    world->system->boot_id = g_strdup("0123456789abcdef0123456789abcdef");
    world->system->clock->boottime_us = 20 * G_USEC_PER_SEC;
}

static void
restart_unit_failed(World *world)
{
    restart(world);
    unit_failed(world);
}

/* Clocks that are read one after the other do not tell. */
static void
unit_failed_at_once(World *world)
{
    unit_failed(world);
    ((PstServicesUnit *)world->services->units->pdata[0])->since_us = MOMENT - 300;
}

static void
since_span(World *world, const char *span)
{
    pst_since_free(world->since);
    world->since = pst_since_parse(span, NULL);
}

static void
span_restart_unit_failed(World *world)
{
    since_span(world, "15min");
    restart_unit_failed(world);
}

static void
span_unit_failed(World *world)
{
    since_span(world, "15min");
    unit_failed(world);
    ((PstServicesUnit *)world->services->units->pdata[0])->since_us = 2 * MOMENT - 1;
}

/* A mark that has no place in the journal: by the clock. */
static void
since_no_place(World *world)
{
    json_object_remove_member(world_find(world, "journal", "priority")->args, "after");
    g_clear_pointer(&world->since->mark->cursor, g_free);
}

static void
no_place_set_back(World *world)
{
    since_no_place(world);
    set_clock_back(world);
}

static void
unit_untold(World *world)
{
    pst_fields_free(&pst_report_services_unit_fields, world->services->units->pdata[0]);
    g_clear_pointer(&world->services->units, g_ptr_array_unref);
}

static void
lose_cursor(World *world)
{
    world->journal->after_found = PST_TRI_NO;
}

static void
lose_cursor_log_error(World *world)
{
    lose_cursor(world);
    log_error(world);
}

static void
more_entries(World *world)
{
    log_error(world);
    world->journal->cursor = g_strdup("s=2");
}

static void
journal_partly(World *world)
{
    PstReport *report = world_find(world, "journal", "priority")->report;

    pst_report_add(report, "journal.partly-read", PST_SEVERITY_UNKNOWN, "it was read in part");
}

static void
close_port(World *world)
{
    g_free(((PstFirewallVerdict *)world->port->verdicts->pdata[0])->verdict);
    ((PstFirewallVerdict *)world->port->verdicts->pdata[0])->verdict = g_strdup("drop");
}

static void
unsure_port(World *world)
{
    g_free(((PstFirewallVerdict *)world->port->verdicts->pdata[0])->verdict);
    ((PstFirewallVerdict *)world->port->verdicts->pdata[0])->verdict = g_strdup("depends");
}

static void
nobody_listens(World *world)
{
    world_listen_once(world);
}

static void
only_loopback(World *world)
{
    nobody_listens(world);
    world_listen(world, 443, "127.0.0.1");
    world_listen(world, 443, "::ffff:127.0.0.1");
}

static void
network_unsure(World *world)
{
    nobody_listens(world);
    add_finding(world, "network", "network.could-not-look", PST_SEVERITY_UNKNOWN);
}

static void
add_check(World *world, const char *state)
{
    PstChecksCheck *check =
        pst_fields_append(&pst_report_checks_check_fields, &world->checks->checks);

    check->name = g_strdup("backup");
    check->state = g_strdup(state);
}

static void
check_ok(World *world)
{
    add_check(world, "ok");
}

static void
check_warns(World *world)
{
    add_check(world, "warning");
}

static void
checks_in_part(World *world)
{
    check_ok(world);
    add_finding(world, "checks", "checks.could-not-look", PST_SEVERITY_UNKNOWN);
}

static void
check_late(World *world)
{
    add_check(world, "timed-out");
}

static void
change_file(World *world, const char *path, const char *kind)
{
    PstChangesFile *file = pst_fields_append(&pst_report_changes_file_fields, &world->files->files);

    file->path = g_strdup(path);
    file->kind = g_strdup(kind);
    file->changed_us = MOMENT + 1;
}

static void
file_changed(World *world)
{
    change_file(world, "/etc/hosts", "written");
}

static void
file_may_change(World *world)
{
    change_file(world, "/etc/ssh/sshd_config", "written");
    change_file(world, "/etc/ssh", "folder");
}

static void
file_gone(World *world)
{
    change_file(world, "/etc/cron.d", "folder");
}

/* With motd, which may be changed: or it was taken away while that was. */
static void
gone_beside(World *world)
{
    change_file(world, "/etc/motd", "written");
    change_file(world, "/etc", "folder");
}

static void
changed_in_folder(World *world)
{
    change_file(world, "/etc/hosts", "written");
    change_file(world, "/etc", "folder");
}

static void
motd_changed(World *world)
{
    change_file(world, "/etc/motd", "written");
}

static void
folder_absent(World *world)
{
    g_strfreev(world->files->looked_at);
    world->files->looked_at = g_strsplit("/usr", ";", -1);
}

static void
files_in_part(World *world)
{
    world->files->complete = PST_TRI_NO;
}

static void
selinux_untold(World *world)
{
    g_clear_pointer(&world->security->selinux->mode, g_free);
}

static void
add_setting(World *world, const char *name, const char *value)
{
    PstSshSetting *setting =
        pst_fields_append(&pst_report_ssh_setting_fields, &world->guest.ssh->settings);

    setting->name = g_strdup(name);
    setting->value = g_strdup(value);
    setting->path = g_strdup("/etc/ssh/sshd_config");
    setting->line = 7;
}

static void
grace(World *world)
{
    add_setting(world, "LoginGraceTime", "120");
}

static void
mask(World *world)
{
    world->security->umask = g_strdup("027");
}

static void
root_by_key(World *world)
{
    add_setting(world, "PermitRootLogin", "without-password");
}

static void
root_login(World *world)
{
    add_setting(world, "PermitRootLogin", "yes");
}

static void
warn(World *world)
{
    add_finding(world, "memory", "memory.low", PST_SEVERITY_WARNING);
}

static void
could_not_look(World *world)
{
    add_finding(world, "memory", "memory.could-not-look", PST_SEVERITY_UNKNOWN);
}

static void
note(World *world)
{
    add_finding(world, "memory", "memory.low", PST_SEVERITY_INFORMATION);
}

static void
another_machine(World *world)
{
    g_free(world->system->machine_id);
    world->system->machine_id = g_strdup("00000000000000000000000000000001");
}

static void
reverted(World *world)
{
    world->system->clock->boottime_us = 50 * G_USEC_PER_SEC;
}

/* Into a boot of before: the question is one that no rule asked. */
static void
reverted_to_older_boot(World *world)
{
    restart(world);
    world->journal->after_found = PST_TRI_NO;
    json_object_remove_member(world_find(world, "journal", "after")->args, "priority");
    pst_report_add(world_find(world, "journal", "after")->report, "journal.foreign-cursor",
                   PST_SEVERITY_UNKNOWN, "it is not there");
}

static void
off(World *world)
{
    see_host(world, "off", "shutdown");
}

static void
crashed(World *world)
{
    see_host(world, "crashed", "panicked");
}

static void
silent(World *world)
{
    see_host(world, "running", "booted");
}

static void
saving(World *world)
{
    silent(world);
    PstHostData *data = world->host->data;
    data->job = pst_fields_new(&pst_report_host_job_fields);
    data->job->operation = g_strdup("save");
}

/* ---- the table ---- */

#define REACHABLE "[reachable]\nlogin=yes\nroot=yes\n"
#define UNITS "[units]\nactive=nginx\n"
#define JOURNAL "[journal]\npriority=err\n"
#define PORTS "[ports]\nopen=443\n"
#define CHECKS "[checks]\npass=backup\n"
#define FILES "[files]\nbelow=/etc\nexcept=/etc/ssh/*\n"
#define MOTD "[files]\nbelow=/etc\nexcept=/etc/motd\n"
#define SELINUX "[settings]\nselinux=enforcing\n"
#define ROOT "[settings]\nsshd.PermitRootLogin=no;prohibit-password\n"
#define GRACE "[settings]\nsshd.LoginGraceTime="
#define NONE "[findings]\nnone=critical\n"
#define PASS PST_GATE_PASS
#define FAIL PST_GATE_FAIL
#define OPEN PST_GATE_COULD_NOT_CHECK
#define AWAY PST_GATE_NOT_CHECKABLE
#define IGNORE "[policy]\nunchecked=ignore\n"
#define STRICT "[policy]\nunchecked=fail\n"

static const struct {
    const char *policy;
    void (*spoil)(World *world);
    PstGateResult result;
    const char *says; /* of the first that does not hold; NULL: nothing */
} rows[] = {
    {REACHABLE, NULL, PASS, NULL},
    {REACHABLE, lock_out, FAIL, "harness can't become root: sudo.password-required is so"},
    {REACHABLE, stop_sshd, FAIL, "harness can't get in by SSH: ssh.not-running is so"},
    {REACHABLE, hide_sudo, OPEN, "it took too long"},
    {STRICT REACHABLE, hide_sudo, FAIL, "it took too long"},
    {IGNORE REACHABLE, hide_sudo, PASS, NULL},
    {IGNORE "[reachable]\nroot=yes\n", hide_sudo, OPEN, "it took too long"},
    {REACHABLE, record_all, OPEN, "only what was recorded 60 s ago tells of it"},
    {"[reachable]\nroot=no\n", NULL, FAIL, "harness can become root"},
    {"[reachable]\nroot=no\n", lock_out, PASS, NULL},
    {"[reachable]\nroot=no\n", hide_sudo, OPEN, "it took too long"},
    {"[reachable]\nways=console\n", NULL, PASS, NULL},
    {"[reachable]\nways=sudo\n", lock_out, FAIL, "sudo is shut to harness"},
    {UNITS, NULL, PASS, NULL},
    {UNITS, unit_failed, FAIL, "nginx.service is failed (exit-code)"},
    {UNITS, unit_starts, FAIL, "nginx.service is activating"},
    {UNITS, unit_untold, OPEN, "its report does not tell"},
    {"[units]\ninactive=nginx\n", NULL, FAIL, "nginx.service is active"},
    {"[units]\ninactive=nginx\n", unit_failed, PASS, NULL},
    {"[units]\nno-failed=yes\n", NULL, PASS, NULL},
    {"[units]\nno-failed=yes\n", unit_failed_before, FAIL, "nginx.service is failed"},
    {"[units]\nno-failed=yes\nexcept=ngin*\n", unit_failed, PASS, NULL},
    {"[units]\nno-new-failed=yes\n", unit_failed, FAIL, "nginx.service is failed"},
    {"[units]\nno-new-failed=yes\n", unit_failed_at_once, OPEN, "at that very moment"},
    {"[units]\nno-new-failed=yes\n", unit_failed_before, PASS, NULL},
    {"[units]\nno-new-failed=yes\n", set_back_unit_failed, FAIL, "nginx.service is failed"},
    {"[units]\nno-new-failed=yes\n", set_back_unit_failed_before, PASS, NULL},
    {"[units]\nno-new-failed=yes\n", set_forward_unit_failed_before, PASS, NULL},
    {"[units]\nno-new-failed=yes\n", set_back_untold_unit_failed, OPEN, "when is not known"},
    {"[units]\nno-new-failed=yes\n", restart_unit_failed, OPEN, "started anew since"},
    {"[units]\nno-new-failed=yes\n", restart, PASS, NULL},
    {"[units]\nno-new-failed=yes\n", span_restart_unit_failed, OPEN, "started anew since"},
    {"[units]\nno-new-failed=yes\n", span_unit_failed, FAIL, "nginx.service is failed"},
    {"[units]\nno-new-failed=yes\n", reverted_to_older_boot, OPEN, "was reverted to before that"},
    {NONE, reverted_to_older_boot, PASS, NULL}, /* that question is about the moment alone */
    {JOURNAL, NULL, PASS, NULL},
    {JOURNAL, set_clock_back, PASS, NULL}, /* its place decides */
    {JOURNAL, since_no_place, PASS, NULL},
    {JOURNAL, no_place_set_back, OPEN, "the guest's clock was set back since"},
    {FILES, set_clock_back, OPEN, "the guest's clock was set back since"},
    {JOURNAL, log_error, FAIL, "1 new entry in the journal"},
    {JOURNAL "except=nginx: *\n", log_error, PASS, NULL},
    {JOURNAL "except=nginx: *\n", more_entries, OPEN, "more entries than are told at once"},
    {JOURNAL, more_entries, FAIL, "1 or more new"},
    {JOURNAL, lose_cursor, OPEN, "the journal's entry of that moment is gone"},
    {JOURNAL, lose_cursor_log_error, FAIL, "1 new entry in the journal"},
    {JOURNAL, journal_partly, OPEN, "it was read in part"},
    {JOURNAL, another_machine, OPEN, "another machine answers"},
    {JOURNAL, reverted, OPEN, "reverted to before that moment"},
    {PORTS, NULL, PASS, NULL},
    {PORTS, close_port, FAIL, "packet filters shut 443/tcp"},
    {PORTS, unsure_port, OPEN, "what packet filters do with 443/tcp is not known"},
    {PORTS, nobody_listens, FAIL, "nothing listens on 443/tcp"},
    {PORTS, only_loopback, FAIL, "only the loopback"},
    {PORTS, network_unsure, OPEN, "does not tell"},
    {CHECKS, check_ok, PASS, NULL},
    {CHECKS, check_warns, FAIL, "check backup is warning"},
    {CHECKS, check_late, OPEN, "check backup is timed-out"},
    {CHECKS, NULL, OPEN, "the guest tells of no check backup"},
    {"[checks]\npass=*\n", NULL, OPEN, "the guest defines no checks, and whether it should"},
    {"[checks]\npass=*\n", check_ok, PASS, NULL},
    {"[checks]\npass=*\n", checks_in_part, OPEN, "may define more checks than it tells of"},
    {"[checks]\npass=*\n", check_warns, FAIL, "check backup is warning"},
    {FILES, NULL, PASS, NULL},
    {FILES, file_changed, FAIL, "1 file was changed below /etc"},
    {FILES, file_may_change, PASS, NULL},
    {FILES, file_gone, FAIL, "1 file was changed below /etc"},
    {"[files]\nbelow=/etc/\n", NULL, PASS, NULL},
    {FILES, folder_absent, OPEN, "/etc is not there: nothing below it could be looked at"},
    {MOTD, motd_changed, PASS, NULL},
    {MOTD, gone_beside, OPEN, "something was added to /etc, taken from it or renamed in it"},
    {MOTD, changed_in_folder, FAIL, "1 file was changed below /etc"},
    {"[files]\nbelow=/etc\nexcept=/etc/motd;/etc\n", gone_beside, PASS, NULL},
    {"[files]\nbelow=/etc\nexcept=/etc/m*\n", gone_beside, OPEN, "something was added to /etc"},
    {"[files]\nbelow=/etc\nexcept=/etc/nologin\n", gone_beside, FAIL, "1 file was changed"},
    {FILES, files_in_part, OPEN, "not all of it was gone through"},
    {SELINUX, NULL, PASS, NULL},
    {SELINUX, permissive, FAIL, "selinux is permissive, and not enforcing"},
    {SELINUX, selinux_untold, OPEN, "its report does not tell"},
    {ROOT, root_by_key, PASS, NULL},
    {ROOT, root_login, FAIL, "sshd.PermitRootLogin is yes, and not no or prohibit-password"},
    {ROOT, NULL, OPEN, "its report does not tell"},
    {GRACE "2m\n", grace, PASS, NULL},
    {GRACE "1m60s\n", grace, PASS, NULL},
    {GRACE "120\n", grace, PASS, NULL},
    {GRACE "2h\n", grace, FAIL, "sshd.LoginGraceTime is 120, and not 2h"},
    {GRACE "none\n", grace, FAIL, "sshd.LoginGraceTime is 120, and not none"},
    {"[settings]\numask=0027\n", mask, PASS, NULL},
    {"[settings]\numask=022\n", mask, FAIL, "umask is 027, and not 022"},
    {NONE, NULL, PASS, NULL},
    {NONE, warn, PASS, NULL},
    {NONE, criticise, FAIL, "memory.low is so"},
    {NONE, could_not_look, OPEN, "memory.could-not-look is so"},
    {NONE, hide_sudo, OPEN, "it took too long"},
    {NONE "[finding memory.low]\nreason=r\nuntil=2026-11-27\n", criticise, PASS, NULL},
    {NONE "[finding memory.low]\nreason=r\nuntil=2026-11-26\n", criticise, FAIL, "memory.low"},
    {NONE "[finding memory.*]\nverdict=downgrade\nreason=r\n", criticise, PASS, NULL},
    {NONE "[finding memory.low@/x]\nreason=r\n", criticise, FAIL, "memory.low"},
    {"[findings]\nnone=warning\n", warn, FAIL, "memory.low is so"},
    {"[findings]\nnone=warning\n[finding memory.*]\nverdict=downgrade\n", criticise, FAIL,
     "memory"},
    {"[finding memory.low]\nverdict=forbid\n", NULL, PASS, NULL},
    {"[finding memory.low]\nverdict=forbid\n", note, FAIL, "memory.low is so"},
    {"[finding memory.low]\nverdict=forbid\n", could_not_look, OPEN, "could-not-look"},
    /* Whom an exception would let in is locked out all the same. */
    {REACHABLE "[finding sudo.*]\nreason=r\n", lock_out, FAIL, "harness can't become root"},
    {REACHABLE, paused, AWAY, "the domain is paused"},
    {STRICT REACHABLE, off, AWAY, "the domain is off"},
    {REACHABLE, saving, AWAY, "the domain is running"},
    {REACHABLE, crashed, OPEN, "no path to the guest answered"},
    {STRICT REACHABLE, crashed, FAIL, "no path to the guest answered"},
    {REACHABLE, silent, OPEN, "no path to the guest answered"},
};

static const PstGateOutcome *
first_of(const PstGateVerdict *verdict)
{
    const GPtrArray *from = verdict->broken->len > 0 ? verdict->broken : verdict->unchecked;

    return from->len > 0 ? from->pdata[0] : NULL;
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, rows[i].policy);
        if (rows[i].spoil != NULL)
            rows[i].spoil(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        const PstGateOutcome *first = first_of(verdict);
        g_autofree char *text = pst_gate_to_text(verdict);
        if (verdict->result != (int)rows[i].result ||
            (rows[i].says != NULL && strstr(first->message, rows[i].says) == NULL))
            g_error("row %u, %s: %s", i, rows[i].policy, text);
        if (rows[i].says == NULL && rows[i].result == PASS)
            g_assert_cmpuint(verdict->broken->len, ==, 0);
    }
}

/* Without a baseline a mark tells it. */
static void
test_notes(void)
{
    static const struct {
        void (*spoil)(World *world);
        const char *note;
    } cases[] = {
        {NULL, NULL},
        {set_clock_back, "the guest's clock was set back since"},
        {restart, "the guest was started anew since"},
        {reverted, "the guest was reverted to before that moment"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, UNITS);
        if (cases[i].spoil != NULL)
            cases[i].spoil(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_assert_cmpstr(verdict->notes[0], ==, cases[i].note);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/table", test_table);
    g_test_add_func("/gate/notes", test_notes);
    return g_test_run();
}
