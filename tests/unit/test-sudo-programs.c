// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "tests/unit/sudo-world.h"

/* Other programs than the usual sudo: without PAM, sudo-rs, doas, none. */

/* Of a sudo that was built without PAM nobody expects a service file; of another one they do. */
static void
test_without_pam(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    remove_path(world, "/etc/pam.d/sudo");
    put_text(world, "/usr/lib/sudo/sudoers.so", "a plugin that needs libpam.so.0");
    g_autoptr(PstReport) with = run(world, words);
    g_assert_nonnull(find(with, "sudo.pam-service-empty"));

    put_text(world, "/usr/lib/sudo/sudoers.so", "a plugin that needs libc.musl-x86_64.so.1");
    g_autoptr(PstReport) without = run(world, words);
    g_assert_cmpint(without->status, ==, PST_STATUS_OK);
    g_assert_null(((PstSudoData *)without->data)->pam);
}

static void
test_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};
    g_autoptr(PstReport) report = run(world, words);

    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_nonnull(find(report, "sudo.could-not-look"));
}

/* Alpine has doas, and no sudo. */
static void
test_doas_alone(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    remove_path(world, SUDO);
    put(world, "/usr/bin/doas", "", -1, 04755);
    put(world, "/etc/doas.d/doas.conf", "permit nopass :adm\n", -1, 0640);
    g_autoptr(PstReport) granted = run(world, words);
    g_assert_cmpint(granted->status, ==, PST_STATUS_OK);
    g_assert_cmpint(((PstSudoData *)granted->data)->verdict, ==, PST_SUDO_GRANTED);
    g_assert_cmpstr(((PstSudoData *)granted->data)->doas_rule->text, ==, "permit nopass :adm");

    put(world, "/etc/doas.d/doas.conf", "permit nopass :adm\n", -1, 0666);
    g_autoptr(PstReport) unsafe = run(world, words);
    g_assert_cmpint(((PstSudoData *)unsafe->data)->verdict, ==, PST_SUDO_REFUSED);
    g_assert_nonnull(strstr(find(unsafe, "sudo.doas-refuses")->message, "writable by group"));

    put(world, "/etc/doas.d/doas.conf", "permit :adm\n", -1, 0640);
    g_autoptr(PstReport) password = run(world, words);
    g_assert_cmpint(find(password, "sudo.doas-refuses")->severity, ==, PST_SEVERITY_CRITICAL);
}

/* sudo-rs has a policy of its own where there is one, and a session that fails is fatal to it. */
static void
test_sudo_rs(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    put(world, SUDO, "this is sudo-rs", -1, 04755);
    put(world, "/etc/sudoers-rs", "harness ALL=(ALL) ALL\n", -1, 0440);
    g_autoptr(PstReport) own = run(world, words);
    g_assert_cmpstr(find(own, "sudo.password-required")->evidence->path, ==, "/etc/sudoers-rs");

    remove_path(world, "/etc/sudoers-rs");
    put_text(world, "/etc/pam.d/sudo",
             "account required pam_permit.so\nsession required pam_deny.so\n");
    g_autoptr(PstReport) strict = run(world, words);
    g_assert_cmpint(((PstSudoData *)strict->data)->verdict, ==, PST_SUDO_REFUSED);
    put(world, SUDO, "this is the other", -1, 04755);
    g_autoptr(PstReport) lenient = run(world, words);
    g_assert_cmpint(((PstSudoData *)lenient->data)->verdict, ==, PST_SUDO_GRANTED);

    /* Who is not said is root, whatever the Defaults say. */
    furnish(world);
    put(world, DROP_IN, "Defaults runas_default=bin\nharness ALL=NOPASSWD: ALL\n", -1, 0440);
    g_autoptr(PstReport) other = run(world, words);
    g_assert_cmpint(((PstSudoData *)other->data)->verdict, ==, PST_SUDO_REFUSED);
    put(world, SUDO, "this is sudo-rs", -1, 04755);
    g_autoptr(PstReport) root = run(world, words);
    g_assert_cmpint(((PstSudoData *)root->data)->verdict, ==, PST_SUDO_GRANTED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/sudo-programs/without-pam", World, NULL, set_up, test_without_pam, tear_down);
    g_test_add("/sudo-programs/absent", World, NULL, set_up, test_absent, tear_down);
    g_test_add("/sudo-programs/doas-alone", World, NULL, set_up, test_doas_alone, tear_down);
    g_test_add("/sudo-programs/sudo-rs", World, NULL, set_up, test_sudo_rs, tear_down);
    return g_test_run();
}
