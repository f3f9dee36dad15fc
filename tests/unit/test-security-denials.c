// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/security-denials.h"
#include "tests/unit/security-world.h"

/* A line of the kernel's ring, that many seconds ago. */
static char *
line_of(gint64 seconds_ago, const char *body)
{
    return g_strdup_printf("5,1200,3456789,-;audit: type=1400 audit(%" G_GINT64_FORMAT
                           ".250:77): %s\n SUBSYSTEM=x\n",
                           g_get_real_time() / G_USEC_PER_SEC - seconds_ago, body);
}

static char *
log_line_of(gint64 seconds_ago, const char *type, guint serial, const char *body)
{
    return g_strdup_printf("type=%s msg=audit(%" G_GINT64_FORMAT ".250:%u): %s\n", type,
                           g_get_real_time() / G_USEC_PER_SEC - seconds_ago, serial, body);
}

#define AVC(comm, permissive)                                                                      \
    "avc:  denied  { read open } for  pid=2465 comm=\"" comm "\" path=\"/home/harness/.ssh/"       \
    "authorized_keys\" dev=\"vda4\" ino=77 scontext=system_u:system_r:sshd_t:s0-s0:c0.c1023 "      \
    "tcontext=system_u:object_r:default_t:s0 tclass=file permissive=" permissive

/* sshd is shut out of a key file: twice in the ring, once in the log. */
static void
test_denials(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *old = line_of(3600, AVC("sshd", "0"));
    g_autofree char *recent = line_of(60, AVC("sshd", "0"));
    g_autofree char *other = line_of(30, "avc:  denied  { name_connect } for  pid=1 comm=\"httpd\" "
                                         "dest=5432 scontext=system_u:system_r:httpd_t:s0 "
                                         "tcontext=x:y:postgresql_port_t:s0 tclass=tcp_socket "
                                         "permissive=0");
    g_autofree char *ring = g_strconcat(old, recent, other, NULL);
    g_autofree char *log = log_line_of(5, "AVC", 9, AVC("sshd", "0"));

    put_rhel9(world);
    put(world, "/dev/kmsg", ring, -1, 0600);
    put(world, AUDIT_LOG, log, -1, 0600);
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = only_serious(report, "security.denials");
    const PstSecurityDenial *denial = ((PstSecurityData *)report->data)->denials->pdata[0];

    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpstr(finding->evidence->command, ==, "sshd");
    g_assert_cmpstr(finding->evidence->path, ==, "/home/harness/.ssh/authorized_keys");
    g_assert_cmpstr(finding->message, ==,
                    "selinux denied sshd 3 times, the latest: read open "
                    "/home/harness/.ssh/authorized_keys");
    g_assert_cmpint(denial->count, ==, 3);
    g_assert_cmpint(denial->last_us - denial->first_us, >=, 3590 * (gint64)G_USEC_PER_SEC);
    g_assert_cmpstr(denial->domain, ==, "sshd_t");
    g_assert_cmpstr(finding->evidence->name, ==, denial->program);
    g_assert_cmpuint(report->findings->len, ==, 2);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[1])->message, ==,
                    "1 denials of programs that decide nothing about access: httpd");
}

/* What was only logged, and what is long ago, is no trouble of today. */
static void
test_denials_mild(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *permissive = line_of(60, AVC("sudo", "1"));
    g_autofree char *old = line_of(100000, AVC("sshd", "0"));
    g_autofree char *ring = g_strconcat(permissive, old, NULL);

    put_rhel9(world);
    put(world, "/dev/kmsg", ring, -1, 0600);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 2);
}

/* Users can write to the ring, and can log in by any name: neither makes a denial. */
static void
test_denials_forged(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *genuine = line_of(60, AVC("sshd", "0"));
    g_autofree char *ring = g_strdup_printf("12%s", strchr(genuine, ','));
    g_autofree char *log = log_line_of(5, "USER_LOGIN", 9,
                                       "msg='acct=\"avc:  denied  { read } for "
                                       "comm=sshd \" res=failed'");

    put_rhel9(world);
    put(world, "/dev/kmsg", ring, -1, 0600);
    put(world, AUDIT_LOG, log, -1, 0600);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 0);
}

static void
test_apparmor_denial(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *ring =
        line_of(60, "apparmor=\"DENIED\" operation=\"open\" class=\"file\" "
                    "profile=\"/usr/sbin/sshd\" name=\"/etc/ssh/sshd_config\" pid=900 "
                    "comm=\"sshd\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0");

    put_kernel(world, "apparmor");
    put(world, "/dev/kmsg", ring, -1, 0600);
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = only_serious(report, "security.denials");

    g_assert_cmpstr(finding->evidence->source, ==, "apparmor");
    g_assert_cmpstr(finding->evidence->text, ==, "/usr/sbin/sshd");
    g_assert_cmpstr(finding->evidence->path, ==, "/etc/ssh/sshd_config");
}

/* fapolicyd's record names no program; that of the system call does. */
static void
test_fapolicyd_denial(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *denied = log_line_of(5, "FANOTIFY", 9, "resp=2 fan_type=1 fan_info=D");
    g_autofree char *call = log_line_of(5, "SYSCALL", 9,
                                        "arch=c000003e syscall=59 success=no "
                                        "comm=\"qemu-ga\" exe=\"/usr/bin/qemu-ga\"");
    g_autofree char *allowed = log_line_of(4, "FANOTIFY", 10, "resp=1");
    g_autofree char *alone = log_line_of(3, "FANOTIFY", 11, "resp=2");
    g_autofree char *log = g_strconcat(denied, call, allowed, alone, NULL);

    put_rhel9(world);
    put(world, AUDIT_LOG, log, -1, 0600);
    g_autoptr(PstReport) report = run(world);
    const PstSecurityData *data = report->data;

    g_assert_cmpstr(only_serious(report, "security.denials")->evidence->command, ==, "qemu-ga");
    g_assert_cmpuint(data->denials->len, ==, 2);
    g_assert_cmpstr(((PstSecurityDenial *)data->denials->pdata[1])->program, ==, "unknown");
}

/* A log of any size is read from near its end, a line of any length is passed by. */
static void
test_large_log(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *first = log_line_of(50, "AVC", 1, AVC("sshd", "0"));
    g_autofree char *last = log_line_of(5, "AVC", 2, AVC("sudo", "0"));
    g_autoptr(GString) log = g_string_new(first);

    put_rhel9(world);
    g_string_set_size(log, 10 * MEBI);
    memset(log->str + strlen(first), 'x', log->len - strlen(first));
    g_string_append_printf(log, "\n%s", last);
    put(world, AUDIT_LOG, log->str, (gssize)log->len, 0600);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpstr(only_serious(report, "security.denials")->evidence->command, ==, "sudo");
}

/* However many programs there are, the report stays small. */
static void
test_many_programs(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_security_kind);
    PstSecurityData *data = report->data;

    for (guint i = 0; i < 1000; i++) {
        PstAuditLine line = {.source = "selinux", .time_us = i, .enforced = TRUE};
        g_autofree char *program = g_strdup_printf("program%u", i);

        line.program = program;
        pst_security_denials_add(data, &line);
    }
    g_assert_cmpuint(data->denials->len, ==, 64);
}

#define ADD(name, function)                                                                        \
    g_test_add("/security-denials/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("denials", test_denials);
    ADD("denials-mild", test_denials_mild);
    ADD("denials-forged", test_denials_forged);
    ADD("apparmor-denial", test_apparmor_denial);
    ADD("fapolicyd-denial", test_fapolicyd_denial);
    ADD("large-log", test_large_log);
    g_test_add_func("/security-denials/many-programs", test_many_programs);
    return g_test_run();
}
