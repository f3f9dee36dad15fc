// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/checks-define.h"
#include "guest-shim/checks-output.h"
#include "guest-shim/probe-checks.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

#define PLUGINS "/usr/lib/nagios/plugins"

static PstChecksCheck *
parse(const char *text)
{
    PstChecksCheck *check = pst_fields_new(&pst_report_checks_check_fields);

    pst_checks_output_parse(text, check);
    return check;
}

static void
free_check(PstChecksCheck *check)
{
    pst_fields_free(&pst_report_checks_check_fields, check);
}

static void
assert_value(const PstChecksCheck *check, guint i, const char *wanted)
{
    g_assert_nonnull(check->values);
    g_assert_cmpuint(i, <, check->values->len);
    const PstChecksValue *value = check->values->pdata[i];
    const char *parts[] = {value->label, value->value, value->unit, value->warn,
                           value->crit,  value->min,   value->max};
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint j = 0; j < G_N_ELEMENTS(parts); j++)
        g_string_append_printf(text, "%s%s", j > 0 ? "," : "", parts[j] != NULL ? parts[j] : "-");
    g_assert_cmpstr(text->str, ==, wanted);
}

/* The words of monitoring-plugins 2.3.3's check_disk, check_load and check_procs. */
static void
test_output(void)
{
    PstChecksCheck *disk = parse("DISK OK - free space: / 5013 MiB (52.95% inode=86%);| "
                                 "/=4672755712B;9201385881;9712574014;0;10223762125\n");
    PstChecksCheck *load = parse("LOAD OK - total load average: 1.22, 0.91, 0.60|"
                                 "load1=1.220;5.000;10.000;0; load5=0.910;;;0; 'load 15'=U\n");

    g_assert_cmpstr(disk->message, ==, "DISK OK - free space: / 5013 MiB (52.95% inode=86%);");
    assert_value(disk, 0, "/,4672755712,B,9201385881,9712574014,0,10223762125");
    g_assert_cmpuint(load->values->len, ==, 3);
    assert_value(load, 0, "load1,1.220,-,5.000,10.000,0,-");
    assert_value(load, 1, "load5,0.910,-,-,-,0,-");
    assert_value(load, 2, "load 15,-,-,-,-,-,-");
    free_check(disk);
    free_check(load);
}

/* The guidelines' own example of long output. */
static void
test_long_output(void)
{
    PstChecksCheck *check =
        parse("DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n"
              "/ 15272 MB (77%);\n/boot 68 MB (69%);\n"
              "/var/log 819 MB (84%); | /boot=68MB;88;93;0;98\n"
              "/home=69357MB;253404;253409;0;253414\n"
              "/var/log=818MB;970;975;0;980\n");

    g_assert_cmpuint(g_strv_length(check->details), ==, 3);
    g_assert_cmpstr(check->details[2], ==, "/var/log 819 MB (84%);");
    g_assert_cmpuint(check->values->len, ==, 4);
    assert_value(check, 3, "/var/log,818,MB,970,975,0,980");
    free_check(check);
}

static void
test_odd_values(void)
{
    PstChecksCheck *check = parse("x | 'it''s = odd'=1.5e3KB;@10:20;~:5 rubbish =5 'open=1 a=-3% "
                                  "b=\xFF c=0x10");

    g_assert_cmpuint(check->values->len, >=, 1);
    assert_value(check, 0, "it's = odd,1.5e3,KB,@10:20,~:5,-,-");
    free_check(check);
    check = parse("");
    g_assert_null(check->values);
    free_check(check);
    check = parse("|");
    g_assert_cmpstr(check->message, ==, "");
    free_check(check);
}

/* However much a check says, what is kept is bounded. */
static void
test_flood(void)
{
    g_autoptr(GString) text = g_string_new("first");

    for (guint i = 0; i < 10000; i++)
        g_string_append_printf(text, "\nline %u", i);
    g_string_append(text, " | ");
    for (guint i = 0; i < 10000; i++)
        g_string_append_printf(text, "l%u=1 ", i);
    PstChecksCheck *check = parse(text->str);

    g_assert_cmpuint(g_strv_length(check->details), ==, 20);
    g_assert_cmpuint(check->values->len, ==, 100);
    free_check(check);
}

static PstConfig *
config_of(const char *text)
{
    PstConfig *config = pst_config_new();

    pst_config_add(config, PST_CONFIG_FILE, text, strlen(text));
    return config;
}

static void
test_define(void)
{
    g_autoptr(PstConfig) config =
        config_of("[check disk]\ndescription = room on /srv\n"
                  "command = /bin/check -w 10% 'two words' $HOME\nuser = harness\ntimeout = 5\n"
                  "[check bare]\ncommand=/bin/true\n"
                  "[check relative]\ncommand=true\n[check empty]\ndescription=x\n"
                  "[check open]\ncommand=/x 'y\n"
                  "[check late]\ncommand=/bin/true\ntimeout=5 minutes\nargv=1\n");
    g_autoptr(GPtrArray) all = pst_checks_define_all(config);
    const PstChecksDefinition *disk = all->pdata[0], *bare = all->pdata[1];

    g_assert_cmpuint(all->len, ==, 6);
    g_assert_cmpstr(disk->argv[3], ==, "two words");
    g_assert_cmpstr(disk->argv[4], ==, "$HOME");
    g_assert_cmpstr(disk->user, ==, "harness");
    g_assert_cmpint(disk->timeout_s, ==, 5);
    g_assert_cmpstr(bare->user, ==, "nobody");
    g_assert_cmpint(bare->timeout_s, ==, 10);
    for (guint i = 2; i < 5; i++)
        g_assert_nonnull(((const PstChecksDefinition *)all->pdata[i])->problem);
    g_assert_cmpint(((const PstChecksDefinition *)all->pdata[5])->timeout_s, ==, 10);
    g_assert_cmpuint(g_strv_length((char **)pst_config_problems(config)), ==, 2);
}

static void
test_safe(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) absent = NULL, file = NULL, folder = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root's own files are safe");
        return;
    }
    g_assert_cmpint(chmod(world->folder, 0755), ==, 0);
    put(world, "/opt/checks/good", "", 0, 0755);
    put(world, "/opt/checks/bad", "", 0, 0775);
    put(world, "/srv/open/check", "", 0, 0755);
    g_autofree char *open_folder = place(world, "/srv/open");
    g_assert_cmpint(chmod(open_folder, 0777), ==, 0);
    g_assert_true(pst_checks_define_is_safe(world->sysroot, "/opt/checks/good", NULL));
    g_assert_false(pst_checks_define_is_safe(world->sysroot, "/opt/checks/none", &absent));
    g_assert_error(absent, PST_ERROR, PST_ERROR_ABSENT);
    g_assert_false(pst_checks_define_is_safe(world->sysroot, "/opt/checks/bad", &file));
    g_assert_error(file, PST_ERROR, PST_ERROR_NOT_ALLOWED);
    g_assert_false(pst_checks_define_is_safe(world->sysroot, "/srv/open/check", &folder));
    g_assert_error(folder, PST_ERROR, PST_ERROR_NOT_ALLOWED);
}

/* As in a guest: this machine's programs, under a configuration of the test's. */
static PstReport *
run_live(const char *text, const char *name, gboolean passive)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    g_autoptr(PstConfig) config = config_of(text);
    const PstProbeContext context = {sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstChecksArgs args = {(char *)name, PST_TRI(passive)};
    PstReport *report = pst_report_new(&pst_report_checks_kind);

    pst_probe_checks_run_configured(&context, config, &args, report);
    return report;
}

static const PstChecksCheck *
first_check(const PstReport *report)
{
    const PstChecksData *data = report->data;

    g_assert_nonnull(data->checks);
    return data->checks->pdata[0];
}

static gboolean
can_run(void)
{
    if (geteuid() == 0)
        return TRUE;
    g_test_skip("only root can become another user");
    return FALSE;
}

/* The distribution's plugins, as they are. */
static void
test_plugins(void)
{
    static const char *const text =
        "[check disk]\ncommand=" PLUGINS "/check_disk -w 1% -c 0% -p /\n"
        "[check procs]\ncommand=" PLUGINS "/check_procs -w 0:100000 -c 0:100000\n"
        "[check load]\ncommand=" PLUGINS "/check_load -w 9999,9999,9999 -c 9999,9999,9999\n"
        "user=root\n";

    if (!can_run())
        return;
    if (access(PLUGINS "/check_disk", X_OK) != 0) {
        g_test_skip("the package monitoring-plugins-basic is not there");
        return;
    }
    g_autoptr(PstReport) report = run_live(text, NULL, FALSE);
    const PstChecksData *data = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpuint(data->checks->len, ==, 3);
    for (guint i = 0; i < 3; i++) {
        const PstChecksCheck *check = data->checks->pdata[i];

        g_assert_cmpstr(check->state, ==, "ok");
        g_assert_cmpint(check->exit_status, ==, 0);
        g_assert_nonnull(strstr(check->message, "OK"));
        g_assert_nonnull(check->values);
    }
}

typedef struct {
    const char *name;
    const char *command; /* of the check x */
    const char *state;
    const char *id; /* of the only finding, NULL for none */
    int severity;
} RunRow;

static const RunRow run_rows[] = {
    {"ok", "/bin/sh -c 'echo fine'", "ok", NULL, 0},
    {"warning", "/bin/sh -c 'echo full; exit 1'", "warning", "checks.failed", PST_SEVERITY_WARNING},
    {"critical", "/bin/sh -c 'exit 2'", "critical", "checks.failed", PST_SEVERITY_CRITICAL},
    {"unknown", "/bin/sh -c 'exit 3'", "unknown", "checks.failed", PST_SEVERITY_UNKNOWN},
    {"other-status", "/bin/sh -c 'exit 7'", "unknown", "checks.failed", PST_SEVERITY_UNKNOWN},
    {"killed", "/bin/sh -c 'kill -9 $$'", "unknown", "checks.failed", PST_SEVERITY_UNKNOWN},
    {"hangs", "/bin/sh -c 'sleep 100 & sleep 100'\ntimeout=1", "timed-out", "checks.timed-out",
     PST_SEVERITY_UNKNOWN},
    {"floods", "/bin/sh -c 'while :; do echo 0123456789; done'\ntimeout=1", "timed-out",
     "checks.timed-out", PST_SEVERITY_UNKNOWN},
    {"absent", "/no/such/check", "not-runnable", "checks.not-runnable", PST_SEVERITY_UNKNOWN},
    {"no-user", "/bin/true\nuser=no-such-user", "not-runnable", "checks.not-runnable",
     PST_SEVERITY_UNKNOWN},
    {"no-command", "", "not-runnable", "checks.not-runnable", PST_SEVERITY_UNKNOWN},
    {"a-folder", "/etc", "not-runnable", "checks.not-runnable", PST_SEVERITY_UNKNOWN},
};

static void
test_run(gconstpointer data)
{
    const RunRow *row = data;
    g_autofree char *text = g_strdup_printf("[check x]\ncommand = %s\n", row->command);

    if (!can_run())
        return;
    g_autoptr(PstReport) report = run_live(text, "x", FALSE);

    g_assert_cmpstr(first_check(report)->state, ==, row->state);
    g_assert_cmpuint(report->findings->len, ==, row->id != NULL ? 1 : 0);
    if (row->id == NULL)
        return;
    const PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, row->id);
    g_assert_cmpint(finding->severity, ==, row->severity);
    g_assert_cmpstr(finding->evidence->name, ==, "x");
}

/* Neither root's number nor its groups stay with a check, nor its environment. */
static void
test_identity(void)
{
    if (!can_run())
        return;
    g_setenv("PST_SECRET", "x", TRUE);
    g_autoptr(PstReport) report = run_live(
        "[check who]\ncommand = /bin/sh -c 'echo $(id -u) $(id -G) $PST_SECRET'\n", "who", FALSE);
    g_unsetenv("PST_SECRET");

    g_assert_cmpstr(first_check(report)->message, ==, "65534 65534");
    g_assert_cmpstr(first_check(report)->command, ==, "/bin/sh");
}

static void
test_names(void)
{
    static const char *const text = "[check disk]\ncommand=/bin/true\n"
                                    "[check load]\ncommand=/bin/false\n";
    g_autoptr(PstReport) near = run_live(text, "dsik", FALSE);
    g_autoptr(PstReport) passive = run_live(text, NULL, TRUE);
    const PstFinding *finding = near->findings->pdata[0];

    g_assert_cmpstr(finding->id, ==, "checks.unknown-name");
    g_assert_nonnull(strstr(finding->message, "disk"));
    g_assert_null(((PstChecksData *)near->data)->checks);
    g_assert_cmpint(passive->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(passive->summary, ==, "2 checks are defined, none was run");
    g_assert_cmpstr(first_check(passive)->state, ==, "not-run");
}

static PstReport *
run_in(const World *world)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_checks_kind);

    pst_probe_checks_run(&context, NULL, report);
    return report;
}

static void
test_none(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run_in(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(report->summary, ==, "no check is defined");
}

/* A configuration that others can write defines nothing, and is no silence either. */
static void
test_not_roots_own(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put(world, PST_CONFIG_FILE, "[check x]\ncommand=/bin/true\n", -1, 0666);
    g_autoptr(PstReport) report = run_in(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, "checks.could-not-look");
    g_assert_null(((PstChecksData *)report->data)->checks);
}

#define ADD(name, function) g_test_add("/checks/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/checks/output", test_output);
    g_test_add_func("/checks/long-output", test_long_output);
    g_test_add_func("/checks/odd-values", test_odd_values);
    g_test_add_func("/checks/flood", test_flood);
    g_test_add_func("/checks/define", test_define);
    g_test_add_func("/checks/plugins", test_plugins);
    g_test_add_func("/checks/identity", test_identity);
    g_test_add_func("/checks/names", test_names);
    ADD("safe", test_safe);
    ADD("none", test_none);
    ADD("not-roots-own", test_not_roots_own);
    for (guint i = 0; i < G_N_ELEMENTS(run_rows); i++) {
        g_autofree char *path = g_strdup_printf("/checks/run/%s", run_rows[i].name);
        g_test_add_data_func(path, &run_rows[i], test_run);
    }
    return g_test_run();
}
