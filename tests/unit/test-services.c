// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe-services.h"
#include "guest-shim/services-judge.h"
#include "guest-shim/services-rows.h"

#define NOW ((gint64)3600 * G_USEC_PER_SEC)

static void
add_line(PstServicesUnit *unit, const char *identifier, const char *message)
{
    PstServicesLine *line = pst_fields_append(&pst_report_services_line_fields, &unit->lines);

    line->identifier = g_strdup(identifier);
    line->message = g_strdup(message);
}

static void
assert_telling(const char *const (*lines)[2], const char *expected)
{
    PstServicesUnit *unit = pst_fields_new(&pst_report_services_unit_fields);

    for (guint i = 0; lines[i][1] != NULL; i++)
        add_line(unit, lines[i][0], lines[i][1]);
    g_assert_cmpstr(pst_services_judge_telling_line(unit), ==, expected);
    pst_fields_free(&pst_report_services_unit_fields, unit);
}

/* Newest first, as sshd and systemd wrote them on Debian 12. */
static void
test_telling_line(void)
{
    static const char *const sshd[][2] = {
        {"systemd", "Failed to start ssh.service - OpenBSD Secure Shell server."},
        {"systemd", "ssh.service: Failed with result 'exit-code'."},
        {"systemd", "ssh.service: Start request repeated too quickly."},
        {"systemd", "ssh.service: Scheduled restart job, restart counter is at 5."},
        {"systemd", "ssh.service: Control process exited, code=exited, status=255/EXCEPTION"},
        {"sshd", "/etc/ssh/sshd_config: terminating, 1 bad configuration options"},
        {"sshd", "/etc/ssh/sshd_config: line 123: Bad configuration option: Bogus"},
        {"systemd", "Starting ssh.service - OpenBSD Secure Shell server..."},
        {"sshd", "Received signal 15; terminating."},
        {NULL, NULL}};
    static const char *const trace[][2] = {{"app", "ValueError: no such port"},
                                           {"app", "  line 3"},
                                           {"app", "  line 2"},
                                           {"app", "  line 1"},
                                           {"app", "Traceback"},
                                           {NULL, NULL}};
    static const char *const routine[][2] = {{"systemd", "x.service: Failed with result 'signal'."},
                                             {NULL, NULL}};
    static const char *const manager[][2] = {
        {"systemd", "x.service: Failed with result 'exit-code'."},
        {"systemd", "x.service: Failed at step EXEC spawning /x: No such file or directory"},
        {NULL, NULL}};
    static const char *const none[][2] = {{NULL, NULL}};

    assert_telling(sshd, "/etc/ssh/sshd_config: line 123: Bad configuration option: Bogus");
    assert_telling(trace, "ValueError: no such port");
    assert_telling(routine, NULL);
    assert_telling(manager,
                   "x.service: Failed at step EXEC spawning /x: No such file or directory");
    assert_telling(none, NULL);
}

typedef struct {
    const char *id, *load, *active, *sub;
    gboolean asked, wanted, on_demand;
    gint64 restarts;
    const char *finding; /* NULL: none */
    PstSeverity severity;
} Row;

static const Row rows[] = {
    {"ssh.service", "loaded", "active", "running", TRUE, TRUE, FALSE, 0, NULL, 0},
    {"x.service", "loaded", "failed", "failed", FALSE, FALSE, FALSE, 0, "services.failed",
     PST_SEVERITY_WARNING},
    {"x.service", "loaded", "failed", "failed", TRUE, FALSE, FALSE, 0, "services.failed",
     PST_SEVERITY_CRITICAL},
    {"ssh.service", "loaded", "failed", "failed", FALSE, FALSE, FALSE, 0, "services.failed",
     PST_SEVERITY_CRITICAL},
    {"x.service", "not-found", "failed", "failed", FALSE, FALSE, FALSE, 0, "services.failed",
     PST_SEVERITY_WARNING},
    {"x.service", "not-found", "inactive", "dead", TRUE, FALSE, FALSE, 0, "services.not-found",
     PST_SEVERITY_CRITICAL},
    {"x.service", "not-found", "inactive", "dead", FALSE, FALSE, FALSE, 0, NULL, 0},
    {"x.service", "masked", "inactive", "dead", TRUE, FALSE, FALSE, 0, "services.masked",
     PST_SEVERITY_CRITICAL},
    {"x.service", "masked", "active", "running", TRUE, FALSE, FALSE, 0, "services.masked",
     PST_SEVERITY_WARNING},
    {"x.service", "bad-setting", "inactive", "dead", TRUE, FALSE, FALSE, 0, "services.unusable",
     PST_SEVERITY_CRITICAL},
    {"x.service", "loaded", "activating", "auto-restart", FALSE, FALSE, FALSE, 1,
     "services.restart-loop", PST_SEVERITY_WARNING},
    {"dbus.service", "loaded", "activating", "start", FALSE, TRUE, FALSE, 1,
     "services.restart-loop", PST_SEVERITY_CRITICAL},
    {"dbus.service", "loaded", "activating", "start", FALSE, TRUE, FALSE, 0, "services.changing",
     PST_SEVERITY_WARNING},
    {"x.service", "loaded", "active", "running", TRUE, FALSE, FALSE, 9, "services.restart-loop",
     PST_SEVERITY_CRITICAL},
    {"x.service", "loaded", "active", "running", TRUE, FALSE, FALSE, 2, NULL, 0},
    {"x.service", "loaded", "inactive", "dead", TRUE, FALSE, FALSE, 0, "services.inactive",
     PST_SEVERITY_CRITICAL},
    {"x.service", "loaded", "inactive", "dead", TRUE, FALSE, TRUE, 0, "services.not-running-now",
     PST_SEVERITY_INFORMATION},
    {"x.service", "loaded", "inactive", "dead", FALSE, TRUE, FALSE, 0, NULL, 0},
    {"ssh.service", "loaded", "inactive", "dead", FALSE, TRUE, FALSE, 0, "services.stopped",
     PST_SEVERITY_CRITICAL},
    {"ssh.service", "loaded", "inactive", "dead", FALSE, TRUE, TRUE, 0, NULL, 0},
    {"ssh.service", "loaded", "inactive", "dead", FALSE, FALSE, FALSE, 0, NULL, 0},
    {"dbus.service", "loaded", "inactive", "dead", FALSE, TRUE, FALSE, 0, "services.stopped",
     PST_SEVERITY_WARNING},
    {"x.service", "loaded", "deactivating", "stop", TRUE, FALSE, FALSE, 0, "services.changing",
     PST_SEVERITY_WARNING},
};

static void
test_judge(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(PstReport) report = pst_report_new(&pst_report_services_kind);
    PstServicesUnit *unit = pst_fields_new(&pst_report_services_unit_fields);
    PstUnitDetails *details = pst_fields_new(&pst_units_details_fields);

    details->id = g_strdup(row->id);
    details->load = g_strdup(row->load);
    details->active = g_strdup(row->active);
    details->sub = g_strdup(row->sub);
    details->restarts = row->restarts;
    details->active_enter = NOW - 60 * G_USEC_PER_SEC;
    PstServicesCase one = {details,     unit,
                           row->asked,  pst_services_judge_restarts(details, NOW),
                           row->wanted, row->on_demand};

    pst_services_judge(&one, report);
    pst_report_conclude(report, "well");
    if (row->finding == NULL) {
        g_assert_cmpuint(report->findings->len, ==, 0);
    } else {
        g_assert_cmpuint(report->findings->len, ==, 1);
        const PstFinding *finding = report->findings->pdata[0];
        g_assert_cmpstr(finding->id, ==, row->finding);
        g_assert_cmpint(finding->severity, ==, (int)row->severity);
        g_assert_cmpstr(finding->evidence->unit, ==, row->id);
    }
    pst_fields_free(&pst_units_details_fields, details);
    pst_fields_free(&pst_report_services_unit_fields, unit);
}

/* A unit's name may have backslashes, which a shell would take away. */
static void
test_remedy(void)
{
    PstUnitDetails *details = pst_fields_new(&pst_units_details_fields);
    g_autoptr(PstReport) report = pst_report_new(&pst_report_services_kind);
    PstServicesUnit *unit = pst_fields_new(&pst_report_services_unit_fields);
    PstServicesCase one = {.details = details, .unit = unit, .asked = TRUE};

    details->id = g_strdup("srv-a\\x2db.mount");
    details->load = g_strdup("masked");
    details->active = g_strdup("inactive");
    pst_services_judge(&one, report);
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->remedy, ==,
                    "systemctl unmask 'srv-a\\x2db.mount'");
    pst_fields_free(&pst_units_details_fields, details);
    pst_fields_free(&pst_report_services_unit_fields, unit);
}

/* Many restarts that lie behind are no loop; a one-shot that ended well has done its work. */
static void
test_past(void)
{
    PstUnitDetails *details = pst_fields_new(&pst_units_details_fields);
    g_autoptr(PstReport) report = pst_report_new(&pst_report_services_kind);
    PstServicesUnit *unit = pst_fields_new(&pst_report_services_unit_fields);
    PstServicesCase one = {.details = details, .unit = unit, .asked = TRUE};

    details->id = g_strdup("job.service");
    details->load = g_strdup("loaded");
    details->active = g_strdup("active");
    details->restarts = 50;
    details->active_enter = NOW - 601 * G_USEC_PER_SEC;
    g_assert_false(pst_services_judge_restarts(details, NOW));
    details->active_enter = NOW - 599 * G_USEC_PER_SEC;
    g_assert_true(pst_services_judge_restarts(details, NOW));

    g_free(details->active);
    details->active = g_strdup("inactive");
    details->type = g_strdup("oneshot");
    details->result = g_strdup("success");
    details->inactive_enter = 5;
    pst_services_judge(&one, report);
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, "services.not-running-now");
    pst_fields_free(&pst_units_details_fields, details);
    pst_fields_free(&pst_report_services_unit_fields, unit);
}

/* Only what runs is looked at for restarts; what has ended and counts as active is told beside it,
 * but for what comes and goes with logins. */
static void
test_active(void)
{
    static const char *const units[][3] = {
        {"ssh.service", "active", "running"},
        {"nftables.service", "active", "exited"},
        {"user-runtime-dir@1000.service", "active", "exited"},
        {"apparmor.service", "active", "exited"},
        {"cron.service", "active", "running"},
        {"slow.service", "activating", "start"},
    };
    PstServicesData *data = pst_fields_new(pst_report_services_kind.data);
    GPtrArray *list = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        PstUnit *unit = pst_fields_append(&pst_units_unit_fields, &list);
        unit->id = g_strdup(units[i][0]);
        unit->active = g_strdup(units[i][1]);
        unit->sub = g_strdup(units[i][2]);
    }
    g_autoptr(GPtrArray) alive = pst_services_rows_tell_active(data, list);
    g_autofree char *running = g_strjoinv(" ", data->running);
    g_autofree char *exited = g_strjoinv(" ", data->exited);
    g_autofree char *names = g_strjoinv(" ", (char **)alive->pdata);

    g_assert_cmpstr(running, ==, "cron.service ssh.service");
    g_assert_cmpstr(exited, ==, "apparmor.service nftables.service");
    g_assert_cmpstr(names, ==, "ssh.service cron.service slow.service");
    g_assert_cmpint(data->n_running, ==, 3);
    pst_units_list_free(&pst_units_unit_fields, list);
    pst_fields_free(pst_report_services_kind.data, data);
}

/* What was restarted just now may not do yet what it is for; what starts is told otherwise. */
static void
test_started(void)
{
    static const struct {
        const char *id, *active;
        gint64 ago_ms; /* -1: systemd does not say */
        gboolean told;
    } units[] = {
        {"a.service", "active", 0, TRUE},      {"b.service", "active", 59999, TRUE},
        {"c.service", "active", 60000, FALSE}, {"d.service", "activating", 5, FALSE},
        {"e.service", "active", -1, FALSE},
    };
    PstServicesData *data = pst_fields_new(pst_report_services_kind.data);
    GPtrArray *list = NULL;
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        PstUnitDetails *unit = pst_fields_append(&pst_units_details_fields, &list);
        unit->id = g_strdup(units[i].id);
        unit->active = g_strdup(units[i].active);
        if (units[i].ago_ms >= 0)
            unit->active_enter = NOW - units[i].ago_ms * 1000;
    }
    pst_services_rows_tell_started(data, list, NOW);
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        if (!units[i].told)
            continue;
        const PstServicesStarted *started = data->started->pdata[n++];
        g_assert_cmpstr(started->name, ==, units[i].id);
        g_assert_cmpint(started->ago_ms, ==, units[i].ago_ms);
    }
    g_assert_cmpuint(data->started->len, ==, n);
    pst_units_list_free(&pst_units_details_fields, list);
    pst_fields_free(pst_report_services_kind.data, data);
}

/* A unit and its aliases are one row, which bears all names that were asked for, once. */
static void
test_asked(void)
{
    static const char *const asked[] = {NULL, "ssh", "sshd", "ssh", "sshd.service"};
    PstServicesUnit *unit = pst_fields_new(&pst_report_services_unit_fields);

    unit->name = g_strdup("ssh.service");
    for (guint i = 0; i < G_N_ELEMENTS(asked); i++)
        pst_services_rows_add_asked(unit, asked[i]);
    g_assert_cmpstr(unit->asked_as, ==, "ssh");
    g_assert_cmpuint(g_strv_length(unit->also_asked_as), ==, 2);
    g_assert_true(pst_report_services_is(unit, "sshd"));
    g_assert_true(pst_report_services_is(unit, "sshd.service"));
    g_assert_true(pst_report_services_is(unit, "ssh.service"));
    g_assert_false(pst_report_services_is(unit, "sshd.socket"));
    pst_fields_free(&pst_report_services_unit_fields, unit);
}

/* Where systemd can't be asked the answer is unknown, never ok. */
static void
test_worlds(void)
{
    static const char *const worlds[] = {"system-complete", "system-garbage", "system-absent"};

    for (guint i = 0; i < G_N_ELEMENTS(worlds); i++) {
        g_autofree char *folder =
            g_test_build_filename(G_TEST_DIST, "data", "sysroot", worlds[i], NULL);
        g_autoptr(PstSysroot) sysroot = pst_sysroot_new(folder, NULL);
        g_autoptr(PstReport) report = pst_report_new(&pst_report_services_kind);
        PstProbeContext context = {sysroot, pst_boot_clock_us() + 5 * G_USEC_PER_SEC};
        PstServicesArgs args = {NULL};

        pst_probe_services_run(&context, &args, report);
        g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
        g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==,
                        "services.could-not-look");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/services/telling-line", test_telling_line);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strdup_printf("/services/judge/%u/%s-%s-%s", i, rows[i].id,
                                                rows[i].load, rows[i].active);
        g_test_add_data_func(name, &rows[i], test_judge);
    }
    g_test_add_func("/services/past", test_past);
    g_test_add_func("/services/active", test_active);
    g_test_add_func("/services/started", test_started);
    g_test_add_func("/services/asked", test_asked);
    g_test_add_func("/services/remedy", test_remedy);
    g_test_add_func("/services/worlds", test_worlds);
    return g_test_run();
}
