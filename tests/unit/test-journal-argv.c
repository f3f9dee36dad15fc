// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal.h"

/* How journalctl is asked. */

static void
assert_argv(const PstJournalQuery *query, const char *expected)
{
    g_auto(GStrv) argv = pst_journal_argv(query);
    g_autofree char *joined = g_strjoinv(" ", argv + 5); /* behind those that are always there */

    g_assert_cmpstr(joined, ==, expected);
}

static void
test_argv(void)
{
    static const char *const units[] = {"ssh.service", "cron.service", NULL};
    PstJournalQuery all = {.max_priority = 7, .lines = 9};
    PstJournalQuery one = {.units = units,
                           .kernel = TRUE,
                           .max_priority = 3,
                           .boot = "9296ef3853e5406c868deba62384c27e",
                           .since_us = 1795342427000042,
                           .until_us = 1795342428000000,
                           .since_ago_s = 5,
                           .cursor = "s=1",
                           .lines = 10};
    PstJournalQuery ago = {.max_priority = 0, .boot = "-1", .since_ago_s = 90, .lines = 1};

    PstJournalQuery named = {.identifier = "postern-shim", .max_priority = 7, .lines = 2};

    assert_argv(&all, "--lines=9");
    assert_argv(&named, "--lines=2 --identifier=postern-shim");
    assert_argv(&one, "--lines=10 --priority=3 --since=@1795342427.000042 "
                      "--until=@1795342428.000000 --cursor=s=1 --unit=ssh.service "
                      "--unit=cron.service _BOOT_ID=9296ef3853e5406c868deba62384c27e "
                      "_TRANSPORT=kernel");
    assert_argv(&ago, "--lines=1 --priority=0 --since=-90s --boot=-1");
    ago.since_ago_s = 253402214399; /* before 1970 */
    assert_argv(&ago, "--lines=1 --priority=0 --boot=-1");

    const PstJournalQuery newer = {.max_priority = 7, .from = "s=1", .lines = 3};
    g_auto(GStrv) argv = pst_journal_argv(&newer);
    g_assert_false(g_strv_contains((const char *const *)argv, "--reverse"));
    g_assert_true(g_strv_contains((const char *const *)argv, "--cursor=s=1"));
}

#define OF_UNIT(unit, more)                                                                        \
    "_SYSTEMD_UNIT=" unit more " + _PID=1 UNIT=" unit more                                         \
    " + _UID=0 OBJECT_SYSTEMD_UNIT=" unit more                                                     \
    " + MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1 _UID=0 COREDUMP_UNIT=" unit more

#define PROGRAM(name, comm, more) " + SYSLOG_IDENTIFIER=" name more " + _COMM=" comm more
#define EACH " _BOOT_ID=9296ef3853e5406c868deba62384c27e _TRANSPORT=kernel"

/* sudo runs in the session of whoever calls it. */
static void
test_by_name(void)
{
    static const char *const units[] = {"sudo.service", NULL}, *const none[] = {NULL};
    static const char *const others[] = {"ssh@x.service", "user.slice", NULL};
    static const char *const longer[] = {"systemd-networkd-wait.service", NULL};
    PstJournalQuery one = {.units = units, .by_name = TRUE, .max_priority = 7, .lines = 9};
    PstJournalQuery all = {.units = none, .by_name = TRUE, .max_priority = 7, .lines = 9};

    assert_argv(&all, "--lines=9");
    assert_argv(&one, "--lines=9 " OF_UNIT("sudo.service", "") PROGRAM("sudo", "sudo", ""));
    one.boot = "9296ef3853e5406c868deba62384c27e";
    one.kernel = TRUE;
    assert_argv(&one, "--lines=9 " OF_UNIT("sudo.service", EACH) PROGRAM("sudo", "sudo", EACH));
    one.boot = "-1";
    one.kernel = FALSE;
    one.units = others;
    assert_argv(&one, "--lines=9 " OF_UNIT("ssh@x.service", "") " + " OF_UNIT(
                          "user.slice", "") " + _SYSTEMD_SLICE=user.slice --boot=-1");
    one.units = longer;
    assert_argv(&one, "--lines=9 " OF_UNIT("systemd-networkd-wait.service", "")
                          PROGRAM("systemd-networkd-wait", "systemd-network", "") " --boot=-1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal-argv/options", test_argv);
    g_test_add_func("/journal-argv/by-name", test_by_name);
    return g_test_run();
}
