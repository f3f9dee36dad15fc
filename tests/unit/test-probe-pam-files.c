// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/pam-world.h"

/* Files that PAM's modules read besides its services: tallies, and what is no such file. */

static void
put_failures(const World *world, const char *path, guint n)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (guint i = 0; i < n; i++) {
        guint8 record[64] = "10.0.0.1";
        guint16 status = 1;
        guint64 when = (guint64)time(NULL) - i;

        memcpy(record + 54, &status, sizeof(status));
        memcpy(record + 56, &when, sizeof(when));
        g_byte_array_append(bytes, record, sizeof(record));
    }
    put(world, path, (const char *)bytes->data, (gssize)bytes->len, 0660);
}

/* The tally refuses passwords and not keys: the account phase only counts. */
static void
test_faillock(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_red_hat(world);
    put_text(world, "/etc/security/faillock.conf", "dir = /var/log/faillock\n");
    put_failures(world, "/var/log/faillock/harness", 3);
    g_autoptr(PstReport) report = run(world, "harness");
    const PstPamServiceReport *sshd = service_of(report, "sshd");

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpstr(sshd->auth->outcome, ==, "fails");
    g_assert_cmpstr(sshd->auth->finding, ==, "account.faillock");
    g_assert_cmpstr(sshd->account->outcome, ==, "passes");
    g_assert_cmpint(((PstPamData *)report->data)->faillock->locked, ==, PST_TRI_YES);
    g_assert_cmpint(((PstPamData *)report->data)->faillock->failures, ==, 3);
}

static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const files[] = {COMMON,
                                        "/etc/pam.d/sshd",
                                        "/etc/pam.d/other",
                                        "/etc/security/limits.conf",
                                        "/etc/nsswitch.conf",
                                        "/etc/ssh/sshd_config",
                                        SECURITY "pam_unix.so"};
    char garbage[8192];

    put_debian(world);
    for (guint i = 0; i < sizeof(garbage); i++)
        garbage[i] = (char)(i * 31 + i / 7);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(world, files[i], garbage, sizeof(garbage), 0644);
    g_autoptr(PstReport) report = run(world, "harness");
    g_assert_cmpstr(service_of(report, "sshd")->account->outcome, !=, "passes");
}

/* A FIFO would hang whoever opens it; a link that leads to itself leads nowhere. */
static void
test_no_files(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    remove_path(world, COMMON);
    g_autofree char *fifo = place(world, COMMON);
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    g_autoptr(PstReport) report = run(world, "harness");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpstr(service_of(report, "sshd")->account->outcome, ==, "unknown");

    remove_path(world, COMMON);
    g_assert_cmpint(symlink("common-account", fifo), ==, 0);
    g_autoptr(PstReport) circle = run(world, "harness");
    g_assert_cmpint(circle->status, ==, PST_STATUS_UNKNOWN);
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/probe-pam-files/faillock", test_faillock);
    ADD("/probe-pam-files/garbage", test_garbage);
    ADD("/probe-pam-files/no-files", test_no_files);
    return g_test_run();
}
