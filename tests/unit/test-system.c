// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <utmp.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/daemon-state.h"
#include "guest-shim/last-shutdown.h"
#include "guest-shim/probe-system.h"
#include "guest-shim/system-judge.h"
#include "protocol/error.h"
#include "protocol/report-system.h"
#include "tests/unit/find-finding.h"
#include "tests/unit/world.h"

static World *
world_new(void)
{
    World *world = g_new0(World, 1);

    set_up(world, NULL);
    return world;
}

static void
world_free(World *world)
{
    tear_down(world, NULL);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

#define DAY_US ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

static PstReport *
run_probe(const char *world)
{
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "data", "sysroot", world, NULL);
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new(folder, NULL);
    PstProbeContext context = {sysroot, pst_boot_clock_us() + 5 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_system_kind);
    PstSystemArgs args = {PST_INT_UNKNOWN};
    gsize len;

    pst_probe_system_run(&context, &args, report);
    g_autofree char *text = pst_report_to_text(report, 256 * 1024, &len);
    g_assert_nonnull(text);
    return report;
}

static void
assert_severity(const PstReport *report, const char *id, PstSeverity severity)
{
    const PstFinding *finding = find(report, id);

    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, (int)severity);
}

static void
test_complete(void)
{
    g_autoptr(PstReport) report = run_probe("system-complete");
    const PstSystemData *data = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpstr(data->os->name, ==, "Debian GNU/Linux 12 (bookworm)");
    g_assert_cmpstr(data->os->id, ==, "debian");
    g_assert_cmpstr(data->os->version, ==, "12");
    g_assert_cmpstr(data->hostname, ==, "guest");
    g_assert_cmpstr(data->boot_id, ==, "9296ef3853e5406c868deba62384c27e");
    g_assert_cmpstr(data->machine_id, ==, "709b62711f37424f88d86c58e1a2deb6");
    g_assert_cmpstr(data->kernel->release, ==, "6.1.0-56-cloud-amd64");
    g_assert_cmpint(data->kernel->taint, ==, 0);
    g_assert_cmpint(data->uptime_s, ==, 1453);
    g_assert_cmpstr(data->dbus, ==, "running");
    g_assert_cmpstr(data->journald, ==, "running");
    g_assert_cmpint(data->root_read_only, ==, PST_TRI_NO);
    g_assert_cmpint(data->nologin, ==, PST_TRI_NO);
    g_assert_null(data->clock);
    g_assert_null(data->manager);
}

static void
test_broken(void)
{
    g_autoptr(PstReport) report = run_probe("system-broken");
    const PstSystemData *data = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
    assert_severity(report, "system.in-initramfs", PST_SEVERITY_CRITICAL);
    assert_severity(report, "system.nologin", PST_SEVERITY_CRITICAL);
    /* Which no initramfs has. */
    g_assert_null(find(report, "system.dbus-stopped"));
    assert_severity(report, "system.kernel-tainted", PST_SEVERITY_WARNING);
    g_assert_cmpstr(data->kernel->taint_letters, ==, "DO");
    g_assert_cmpint(data->root_read_only, ==, PST_TRI_YES);
    g_assert_cmpstr(data->journald, ==, "stuck");
    g_assert_cmpstr(find(report, "system.nologin")->evidence->path, ==, "/run/nologin");
}

static void
test_nothing_known(void)
{
    static const char *const worlds[] = {"system-garbage", "system-absent"};

    for (guint i = 0; i < G_N_ELEMENTS(worlds); i++) {
        g_autoptr(PstReport) report = run_probe(worlds[i]);
        const PstSystemData *data = report->data;

        g_assert_cmpuint(report->findings->len, ==, 0);
        g_assert_cmpint(data->kernel->taint, ==, PST_INT_UNKNOWN);
        g_assert_cmpint(data->root_read_only, ==, PST_TRI_UNKNOWN);
        g_assert_cmpint(data->last_shutdown_clean, ==, PST_TRI_UNKNOWN);
    }
}

#define EXT4 "ext4 /dev/vda rw"

static void
test_root_read_only(void)
{
    static const struct {
        const char *fstab, *command_line, *mount;
        PstSeverity severity;
    } rows[] = {
        {"/dev/vda / ext4 errors=remount-ro 0 1\n", "ro", EXT4, PST_SEVERITY_CRITICAL},
        {"/dev/vda / ext4 ro,noatime 0 1\n", "rw", EXT4, PST_SEVERITY_INFORMATION},
        {"#/dev/vda / ext4 ro 0 1\n", "root=/dev/vda rw", EXT4, PST_SEVERITY_CRITICAL},
        {"", "root=/dev/vda ro", EXT4, PST_SEVERITY_WARNING},
        {"", "root=/dev/vda", EXT4, PST_SEVERITY_WARNING},
        {"", "rw", "squashfs /dev/loop0 ro", PST_SEVERITY_INFORMATION},
        {"", "", "erofs /dev/vda ro", PST_SEVERITY_INFORMATION},
        {"", "rw", "overlay composefs ro,lowerdir=/a::/b", PST_SEVERITY_INFORMATION},
        {"", "rw", "overlay overlay ro,lowerdir=/a,upperdir=/b,workdir=/c", PST_SEVERITY_CRITICAL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(PstReport) report = pst_report_new(&pst_report_system_kind);
        PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 5 * G_USEC_PER_SEC};
        PstSystemArgs args = {PST_INT_UNKNOWN};

        put_text(world, "/etc/fstab", rows[i].fstab);
        put_text(world, "/proc/cmdline", rows[i].command_line);
        g_autofree char *mountinfo =
            g_strdup_printf("24 1 254:0 / / ro,relatime - %s\n", rows[i].mount);
        put_text(world, "/proc/self/mountinfo", mountinfo);
        pst_probe_system_run(&context, &args, report);
        assert_severity(report, "system.root-read-only", rows[i].severity);
    }
}

static void
add_record(GByteArray *bytes, short type, const char *user, gint32 time)
{
    struct utmp record = {.ut_type = type};

    g_strlcpy(record.ut_user, user, sizeof(record.ut_user));
    record.ut_tv.tv_sec = time;
    g_byte_array_append(bytes, (const guint8 *)&record, sizeof(record));
}

static void
put_records(const World *world, const char *path, const GByteArray *bytes)
{
    put(world, path, (const char *)bytes->data, (gssize)bytes->len, 0644);
}

static void
assert_shutdown(gboolean shut_down, gboolean earlier, gint32 recorded, PstTri expected)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GByteArray) utmp = g_byte_array_new();
    g_autoptr(GByteArray) wtmp = g_byte_array_new();

    add_record(utmp, BOOT_TIME, "reboot", 2000);
    if (earlier)
        add_record(wtmp, BOOT_TIME, "reboot", 1000);
    add_record(wtmp, USER_PROCESS, "root", 1500);
    if (shut_down)
        add_record(wtmp, RUN_LVL, "shutdown", 1900);
    add_record(wtmp, BOOT_TIME, "reboot", recorded);
    add_record(wtmp, RUN_LVL, "runlevel", 2010);
    g_byte_array_append(wtmp, (const guint8 *)"torn", 4);
    put_records(world, "/run/utmp", utmp);
    put_records(world, "/var/log/wtmp", wtmp);
    g_assert_cmpint(pst_last_shutdown_was_clean(world->sysroot), ==, expected);
}

static void
test_last_shutdown(void)
{
    assert_shutdown(TRUE, TRUE, 2000, PST_TRI_YES);
    assert_shutdown(FALSE, TRUE, 2000, PST_TRI_NO);
    assert_shutdown(FALSE, FALSE, 2000, PST_TRI_UNKNOWN);
    assert_shutdown(TRUE, FALSE, 2000, PST_TRI_YES);
    assert_shutdown(TRUE, TRUE, 1999, PST_TRI_UNKNOWN);
}

static void
test_dbus_on_demand(void)
{
    g_autoptr(World) world = world_new();

    put_text(world, "/sys/fs/cgroup/system.slice/dbus.service/cgroup.procs", "");
    put_text(world, "/usr/bin/dbus-daemon", "");
    g_assert_cmpint(pst_daemon_state_read(world->sysroot, &pst_daemon_state_dbus), ==,
                    PST_DAEMON_STATE_STOPPED);
    put_text(
        world, "/proc/net/unix",
        "Num RefCount Protocol Flags Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 12 /run/dbus/system_bus_socket\n");
    g_assert_cmpint(pst_daemon_state_read(world->sysroot, &pst_daemon_state_dbus), ==,
                    PST_DAEMON_STATE_ON_DEMAND);
    g_assert_cmpint(pst_daemon_state_read(world->sysroot, &pst_daemon_state_journald), ==,
                    PST_DAEMON_STATE_ABSENT);
}

/* The judge alone, with what systemd would have said. */
typedef struct {
    PstReport *report;
    PstSystemData *data;
    PstSystemFacts *facts;
} Case;

static Case
new_case(const char *state, const char *target)
{
    Case one = {.report = pst_report_new(&pst_report_system_kind),
                .facts = g_new0(PstSystemFacts, 1)};
    const char *targets[] = {target, NULL};

    one.data = one.report->data;
    one.data->kernel = pst_fields_new(&pst_report_system_kernel_fields);
    one.data->uptime_s = 100;
    one.data->manager = pst_fields_new(&pst_report_system_manager_fields);
    one.data->manager->source = g_strdup("systemd");
    one.data->manager->state = g_strdup(state);
    one.data->manager->targets = g_strdupv((char **)targets);
    one.data->manager->default_target = g_strdup("graphical.target");
    one.data->manager->n_failed = 0;
    return one;
}

static void
free_case(Case *one)
{
    pst_system_facts_free(one->facts);
    pst_report_free(one->report);
}

static void
set_failed(Case *one, const char *unit)
{
    const char *failed[] = {unit, NULL};

    one->data->manager->n_failed = 1;
    one->data->manager->failed = g_strdupv((char **)failed);
}

static void
judge(Case *one, const GError *error)
{
    pst_system_judge(one->data, one->facts, error, one->report);
    pst_report_conclude(one->report, "well");
}

static void
test_dbus_stopped(void)
{
    Case one = new_case("running", "graphical.target");

    one.data->dbus = g_strdup("stopped");
    judge(&one, NULL);
    assert_severity(one.report, "system.dbus-stopped", PST_SEVERITY_WARNING);
    free_case(&one);
}

static void
test_dbus_stuck(void)
{
    static const char *const states[] = {"stuck", "silent"};

    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        Case one = new_case("running", "graphical.target");

        one.data->dbus = g_strdup(states[i]);
        judge(&one, NULL);
        assert_severity(one.report, "system.dbus-stuck", PST_SEVERITY_WARNING);
        free_case(&one);
    }
}

static void
test_states(void)
{
    static const struct {
        const char *state, *target, *failed, *id;
        PstSeverity severity;
        const char *caused_by;
    } rows[] = {
        {"running", "graphical.target", NULL, NULL, PST_SEVERITY_INFORMATION, NULL},
        {"degraded", "graphical.target", "x.service", "system.units-failed", PST_SEVERITY_WARNING,
         NULL},
        {"maintenance", "emergency.target", "srv.mount", "system.emergency", PST_SEVERITY_CRITICAL,
         "system.units-failed"},
        {"maintenance", "emergency.target", "x.service", "system.emergency", PST_SEVERITY_CRITICAL,
         NULL},
        {"maintenance", "rescue.target", NULL, "system.rescue", PST_SEVERITY_CRITICAL, NULL},
        {"starting", "basic.target", NULL, "system.starting", PST_SEVERITY_INFORMATION, NULL},
        {"stopping", "basic.target", NULL, "system.stopping", PST_SEVERITY_CRITICAL, NULL},
        {"running", "multi-user.target", NULL, "system.target-not-reached", PST_SEVERITY_WARNING,
         NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Case one = new_case(rows[i].state, rows[i].target);

        if (rows[i].failed != NULL)
            set_failed(&one, rows[i].failed);
        judge(&one, NULL);
        if (rows[i].id == NULL) {
            g_assert_cmpuint(one.report->findings->len, ==, 0);
        } else {
            assert_severity(one.report, rows[i].id, rows[i].severity);
            g_assert_cmpstr(find(one.report, rows[i].id)->caused_by, ==, rows[i].caused_by);
        }
        free_case(&one);
    }
}

/* The file that systemd makes in emergency mode follows from that; one of the administrator's does
 * not. */
static void
test_nologin_cause(void)
{
    static const char *const rows[][2] = {{"/run/nologin", "system.emergency"},
                                          {"/etc/nologin", NULL}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Case one = new_case("maintenance", "emergency.target");

        one.facts->nologin_path = g_strdup(rows[i][0]);
        judge(&one, NULL);
        g_assert_cmpstr(find(one.report, "system.nologin")->caused_by, ==, rows[i][1]);
        free_case(&one);
    }
}

static void
add_job(const Case *one, const char *unit, const char *state, gint64 unit_ms)
{
    PstSystemJob *job = pst_fields_append(&pst_report_system_job_fields, &one->data->manager->jobs);

    job->unit = g_strdup(unit);
    job->type = g_strdup("start");
    job->state = g_strdup(state);
    job->unit_ms = unit_ms;
}

static void
test_jobs_stuck(void)
{
    Case one = new_case("running", "graphical.target");

    add_job(&one, "quick.service", "running", 119 * 1000);
    add_job(&one, "unasked.service", "running", PST_INT_UNKNOWN);
    add_job(&one, "shop.service", "waiting", PST_INT_UNKNOWN);
    judge(&one, NULL);
    g_assert_cmpuint(one.report->findings->len, ==, 0);
    free_case(&one);

    one = new_case("running", "graphical.target");
    add_job(&one, "import.service", "running", 600 * 1000);
    add_job(&one, "other.service", "running", 130 * 1000);
    add_job(&one, "shop.service", "waiting", PST_INT_UNKNOWN);
    judge(&one, NULL);
    assert_severity(one.report, "system.jobs-stuck", PST_SEVERITY_WARNING);
    g_assert_cmpstr(find(one.report, "system.jobs-stuck")->message, ==,
                    "the job to start import.service has not ended for 10 min; 1 other job waits");
    free_case(&one);

    /* What holds up the start is told with that. */
    one = new_case("starting", "basic.target");
    add_job(&one, "import.service", "running", 600 * 1000);
    judge(&one, NULL);
    g_assert_null(find(one.report, "system.jobs-stuck"));
    free_case(&one);
}

static void
test_starting_late(void)
{
    Case one = new_case("starting", "basic.target");
    PstSystemJob *job = pst_fields_append(&pst_report_system_job_fields, &one.data->manager->jobs);

    job->unit = g_strdup("slow.service");
    job->state = g_strdup("running");
    one.data->uptime_s = 1000;
    one.facts->nologin_path = g_strdup("/run/nologin");
    judge(&one, NULL);
    assert_severity(one.report, "system.starting", PST_SEVERITY_WARNING);
    g_assert_nonnull(strstr(find(one.report, "system.starting")->message, "slow.service"));
    assert_severity(one.report, "system.nologin", PST_SEVERITY_WARNING);
    g_assert_cmpstr(find(one.report, "system.nologin")->caused_by, ==, "system.starting");
    free_case(&one);
}

static void
test_pid1(void)
{
    static const struct {
        PstErrorCode code;
        const char *id;
        PstSeverity severity;
    } rows[] = {
        {PST_ERROR_UNAVAILABLE, "system.pid1-not-answering", PST_SEVERITY_CRITICAL},
        {PST_ERROR_DEADLINE, "system.could-not-look", PST_SEVERITY_UNKNOWN},
        {PST_ERROR_PROTOCOL, "system.could-not-look", PST_SEVERITY_UNKNOWN},
        {PST_ERROR_NOT_ALLOWED, "system.could-not-look", PST_SEVERITY_UNKNOWN},
        {PST_ERROR_INTERNAL, "system.could-not-look", PST_SEVERITY_UNKNOWN},
        {PST_ERROR_ABSENT, "system.no-systemd", PST_SEVERITY_INFORMATION},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = g_error_new(PST_ERROR, (int)rows[i].code, "refused");
        Case one = new_case("running", "graphical.target");

        pst_fields_free(&pst_report_system_manager_fields, one.data->manager);
        one.data->manager = NULL;
        judge(&one, error);
        assert_severity(one.report, rows[i].id, rows[i].severity);
        free_case(&one);
    }
}

static void
assert_clock(gint64 drift_ms, gint64 newest_us, int severity)
{
    Case one = new_case("running", "graphical.target");

    one.data->clock = pst_fields_new(&pst_report_system_clock_fields);
    one.data->clock->realtime_us = 100 * DAY_US;
    one.data->clock->drift_ms = drift_ms;
    one.facts->newest_us = newest_us;
    one.facts->newest_path = g_strdup("/etc/os-release");
    judge(&one, NULL);
    if (severity < 0)
        g_assert_cmpuint(one.report->findings->len, ==, 0);
    else
        assert_severity(one.report, "system.clock-off", (PstSeverity)severity);
    free_case(&one);
}

static void
test_clock(void)
{
    assert_clock(60000, 200 * DAY_US, -1);
    assert_clock(-60000, 0, -1);
    assert_clock(60001, 0, PST_SEVERITY_WARNING);
    assert_clock(-60001, 0, PST_SEVERITY_WARNING);
    assert_clock(DAY_US / 1000 + 1, 0, PST_SEVERITY_CRITICAL);
    assert_clock(-(DAY_US / 1000) - 1, 0, PST_SEVERITY_CRITICAL);
    assert_clock(PST_INT_UNKNOWN, 101 * DAY_US, -1);
    assert_clock(PST_INT_UNKNOWN, 102 * DAY_US, PST_SEVERITY_WARNING);
}

static void
test_taint(void)
{
    static const struct {
        gint64 mask;
        const char *letters;
    } rows[] = {{0, ""}, {1, "P"}, {4096, "O"}, {512, "W"}, {4224, "DO"}, {(gint64)1 << 40, ""}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *letters = pst_system_facts_taint_letters(rows[i].mask);
        g_assert_cmpstr(letters, ==, rows[i].letters);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/system/complete", test_complete);
    g_test_add_func("/system/broken", test_broken);
    g_test_add_func("/system/nothing-known", test_nothing_known);
    g_test_add_func("/system/root-read-only", test_root_read_only);
    g_test_add_func("/system/last-shutdown", test_last_shutdown);
    g_test_add_func("/system/dbus-on-demand", test_dbus_on_demand);
    g_test_add_func("/system/dbus-stopped", test_dbus_stopped);
    g_test_add_func("/system/dbus-stuck", test_dbus_stuck);
    g_test_add_func("/system/states", test_states);
    g_test_add_func("/system/nologin-cause", test_nologin_cause);
    g_test_add_func("/system/starting-late", test_starting_late);
    g_test_add_func("/system/jobs-stuck", test_jobs_stuck);
    g_test_add_func("/system/pid1", test_pid1);
    g_test_add_func("/system/clock", test_clock);
    g_test_add_func("/system/taint", test_taint);
    return g_test_run();
}
