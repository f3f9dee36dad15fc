// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest-shim/accounts.h"
#include "guest-shim/nss-ask.h"
#include "guest-shim/probe-account.h"
#include "tests/unit/world.h"

#define DAY (time(NULL) / 86400)

static void
put_shadow(const World *world, const char *password, gint64 changed, const char *maximum,
           gint64 expire)
{
    g_autofree char *day =
        expire >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT, expire) : g_strdup("");
    g_autofree char *text =
        g_strdup_printf("root:*:19000:0:99999:7:::\nharness:%s:%" G_GINT64_FORMAT ":0:%s:7::%s:\n",
                        password, changed, maximum, day);

    put(world, "/etc/shadow", text, -1, 0640);
}

static void
put_sound(const World *world)
{
    put_text(world, "/etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\n"
             "harness:x:1000:1000::/home/harness:/bin/sh\n");
    put_text(world, "/etc/group", "root:x:0:\nadm:x:4:harness\nharness:x:1000:\n");
    put_shadow(world, "$y$j9T$x$y", 19000, "99999", -1);
    put_text(world, "/etc/shells", "# these\n/bin/sh\n");
    put_text(world, "/etc/ssh/sshd_config", "UsePAM yes\n");
    put(world, "/bin/sh", "#!", -1, 0755);
    put_text(world, "/home/harness/.profile", "");
}

static PstReport *
run_for(const World *world, const char *user)
{
    PstProbeContext context = {world->sysroot, G_MAXINT64};
    PstReport *report = pst_report_new(&pst_report_account_kind);
    PstAccountArgs args = {.user = (char *)user};

    pst_probe_account_run(&context, &args, report);
    return report;
}

static PstFinding *
only_finding(const PstReport *report, const char *id)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, id);
    return finding;
}

static void
check_ways(const PstReport *report, PstTri key, PstTri password, PstTri console)
{
    const PstAccountData *data = report->data;

    g_assert_cmpint(data->key_login, ==, key);
    g_assert_cmpint(data->password_login, ==, password);
    g_assert_cmpint(data->console_login, ==, console);
}

static void
test_sound(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run_for(world, "harness");
    const PstAccountData *data = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    check_ways(report, PST_TRI_YES, PST_TRI_YES, PST_TRI_YES);
    g_assert_cmpint(data->uid, ==, 1000);
    g_assert_cmpstr(data->groups[1], ==, "adm");
    g_assert_cmpint(data->shell_listed, ==, PST_TRI_YES);
    g_assert_cmpstr(data->validity, ==, "valid");
    g_assert_nonnull(data->home_mode);
}

static void
test_nobody_named(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run_for(world, NULL);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    check_ways(report, PST_TRI_UNKNOWN, PST_TRI_UNKNOWN, PST_TRI_UNKNOWN);
}

/* What shadow(5) can say, and what each means for a key, a password and the console. */
static const struct {
    const char *name;
    const char *password;
    gint64 changed;
    const char *maximum;
    gint64 expire; /* days from today; -1000 for never, -2000 for day 0 */
    const char *finding;
    PstTri key, passwords, console;
} rows[] = {
    {"valid", "$y$x", 19000, "99999", -1000, NULL, PST_TRI_YES, PST_TRI_YES, PST_TRI_YES},
    {"expires-today", "$y$x", 19000, "99999", 0, "account.expired", PST_TRI_NO, PST_TRI_NO,
     PST_TRI_NO},
    {"expires-tomorrow", "$y$x", 19000, "99999", 1, NULL, PST_TRI_YES, PST_TRI_YES, PST_TRI_YES},
    {"expired-on-day-0", "$y$x", 19000, "99999", -2000, "account.expired", PST_TRI_NO, PST_TRI_NO,
     PST_TRI_NO},
    {"must-change", "$y$x", 0, "99999", -1000, "account.must-change-password", PST_TRI_NO,
     PST_TRI_YES, PST_TRI_YES},
    {"too-old", "$y$x", 19000, "30", -1000, "account.must-change-password", PST_TRI_NO, PST_TRI_YES,
     PST_TRI_YES},
    {"locked", "!$y$x", 19000, "99999", -1000, NULL, PST_TRI_YES, PST_TRI_NO, PST_TRI_NO},
    {"no-password", "*", 19000, "99999", -1000, NULL, PST_TRI_YES, PST_TRI_NO, PST_TRI_NO},
    {"empty-password", "", 19000, "99999", -1000, NULL, PST_TRI_YES, PST_TRI_UNKNOWN,
     PST_TRI_UNKNOWN},
};

static void
test_shadow(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 expire = rows[i].expire == -1000   ? -1
                        : rows[i].expire == -2000 ? 0
                                                  : DAY + rows[i].expire;

        g_test_message("%s", rows[i].name);
        put_shadow(world, rows[i].password, rows[i].changed, rows[i].maximum, expire);
        g_autoptr(PstReport) report = run_for(world, "harness");
        if (rows[i].finding == NULL)
            g_assert_cmpuint(report->findings->len, ==, 0);
        else
            g_assert_nonnull(only_finding(report, rows[i].finding)->remedy);
        check_ways(report, rows[i].key, rows[i].passwords, rows[i].console);
    }
}

/* Without PAM sshd looks at the lock itself: `!` shuts keys out too. */
static void
test_without_pam(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/ssh/sshd_config", "PasswordAuthentication no\n");
    put_shadow(world, "!$y$x", 19000, "99999", -1);
    g_autoptr(PstReport) locked = run_for(world, "harness");
    only_finding(locked, "account.locked");
    check_ways(locked, PST_TRI_NO, PST_TRI_NO, PST_TRI_NO);

    put_shadow(world, "*", 19000, "99999", -1);
    g_autoptr(PstReport) none = run_for(world, "harness");
    g_assert_cmpuint(none->findings->len, ==, 0);
    check_ways(none, PST_TRI_UNKNOWN, PST_TRI_NO, PST_TRI_NO);
}

static void
test_no_shadow_entry(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/shadow", "root:*:19000:0:99999:7:::\n");
    g_autoptr(PstReport) report = run_for(world, "harness");

    only_finding(report, "account.no-shadow-entry");
    check_ways(report, PST_TRI_NO, PST_TRI_NO, PST_TRI_NO);

    put_text(world, "/etc/nsswitch.conf", "shadow: files sss\n");
    g_autoptr(PstReport) elsewhere = run_for(world, "harness");
    g_assert_cmpuint(elsewhere->findings->len, ==, 0);
    check_ways(elsewhere, PST_TRI_UNKNOWN, PST_TRI_UNKNOWN, PST_TRI_UNKNOWN);
}

/* Every file is there and sound, and nobody but root gets to it. */
static void
test_shell_shut(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *bin = g_build_filename(world->folder, "/bin", NULL);

    put_sound(world);
    put_text(world, "/etc/passwd", "harness:x:4242:4242::/home/harness:/bin/sh\n");
    g_assert_cmpint(chmod(bin, 0750), ==, 0);
    g_autoptr(PstReport) report = run_for(world, "harness");
    const PstFinding *finding = only_finding(report, "account.shell-shut");
    g_assert_cmpstr(finding->evidence->path, ==, "/bin");
    g_assert_cmpstr(finding->evidence->mode, ==, "0750");
    g_assert_cmpstr(finding->undo->mode, ==, "0755");
    g_assert_cmpint(((PstAccountData *)report->data)->key_login, ==, PST_TRI_NO);
    g_assert_cmpint(chmod(bin, 0755), ==, 0);
}

static void
test_files_unreadable(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    g_autofree char *group = g_build_filename(world->folder, "/etc/group", NULL);
    g_assert_cmpint(chmod(group, 0640), ==, 0);
    g_autoptr(PstReport) report = run_for(world, "harness");
    const PstFinding *finding = only_finding(report, "account.files-unreadable");
    g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
    g_assert_cmpstr(finding->evidence->path, ==, "/etc/group");
    g_assert_cmpstr(finding->undo->mode, ==, "0644");
    check_ways(report, PST_TRI_YES, PST_TRI_YES, PST_TRI_YES);
}

static void
test_shell(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *shell;
        int mode; /* -1: not there */
        gboolean usable;
    } shells[] = {
        {"/bin/zsh", -1, FALSE},     {"/bin/zsh", 0644, FALSE},
        {"/bin/zsh", 0755, TRUE},    {"/usr/sbin/nologin", 0755, FALSE},
        {"/bin/false", 0755, FALSE}, {"", 0755, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(shells); i++) {
        g_autofree char *passwd =
            g_strdup_printf("harness:x:1000:1000::/home/harness:%s\n", shells[i].shell);
        put_sound(world);
        put_text(world, "/etc/passwd", passwd);
        if (shells[i].mode >= 0 && shells[i].shell[0] != '\0')
            put(world, shells[i].shell, "#!", -1, shells[i].mode);
        g_autoptr(PstReport) report = run_for(world, "harness");
        PstTri way = PST_TRI(shells[i].usable);
        if (shells[i].usable)
            g_assert_cmpuint(report->findings->len, ==, 0);
        else
            g_assert_cmpint(only_finding(report, "account.shell-unusable")->evidence->line, ==, 1);
        check_ways(report, way, way, way);
        if (shells[i].mode >= 0 && shells[i].shell[0] != '\0')
            remove_path(world, shells[i].shell);
    }
}

/* It is there and may be executed, and can't be. */
static void
test_shell_loader(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/passwd", "harness:x:1000:1000::/home/harness:/bin/zsh\n");
    put(world, "/bin/zsh", "#!/lib/no-loader\n", -1, 0755);
    g_autoptr(PstReport) report = run_for(world, "harness");

    const PstFinding *finding = only_finding(report, "account.shell-unusable");
    g_assert_cmpstr(finding->evidence->path, ==, "/lib/no-loader");
    g_assert_cmpstr(finding->evidence->text, ==, "/bin/zsh");
    check_ways(report, PST_TRI_NO, PST_TRI_NO, PST_TRI_NO);
}

static void
test_nologin(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/run/nologin", "System is going down.\n");
    g_autoptr(PstReport) report = run_for(world, "harness");
    g_autoptr(PstReport) root = run_for(world, "root");

    g_assert_cmpstr(only_finding(report, "account.nologin")->caused_by, ==, "system.nologin");
    check_ways(report, PST_TRI_NO, PST_TRI_NO, PST_TRI_NO);
    g_assert_cmpint(((PstAccountData *)root->data)->key_login, ==, PST_TRI_YES);
}

static void
test_home(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/home/harness");
    g_autoptr(PstReport) report = run_for(world, "harness");

    only_finding(report, "account.home-missing");
    g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
    check_ways(report, PST_TRI_YES, PST_TRI_YES, PST_TRI_YES);
}

static void
test_stranger(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) absent = run_for(world, "harnes");
    only_finding(absent, "account.unknown-user");
    check_ways(absent, PST_TRI_NO, PST_TRI_NO, PST_TRI_NO);

    put_text(world, "/etc/nsswitch.conf", "passwd: files sss\n");
    g_autoptr(PstReport) elsewhere = run_for(world, "harnes");
    g_assert_cmpstr(only_finding(elsewhere, "account.elsewhere")->evidence->source, ==, "sss");
    g_assert_cmpint(elsewhere->status, ==, PST_STATUS_UNKNOWN);
    check_ways(elsewhere, PST_TRI_UNKNOWN, PST_TRI_UNKNOWN, PST_TRI_UNKNOWN);
}

/* Where the packages' accounts have theirs. */
static void
test_no_home(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/passwd", "harness:x:1000:1000::/dev/null:/bin/sh\n");
    put(world, "/dev/null", "", -1, 0666);
    g_autoptr(PstReport) report = run_for(world, "harness");

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpstr(((PstAccountData *)report->data)->home_mode, ==, "0666");
}

/* Homes that are there and not as they should be. */
static void
test_homes(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_sound(world);
    g_autofree char *home = place(world, "/home/harness");
    g_assert_cmpint(chmod(home, 0777), ==, 0);
    g_autoptr(PstReport) open_to_all = run_for(world, "harness");
    const PstFinding *finding = only_finding(open_to_all, "account.home-world-writable");
    g_assert_cmpstr(finding->undo->mode, ==, "0755");
    g_assert_cmpstr(finding->evidence->mode, ==, "0777");

    g_assert_cmpint(chmod(home, 0700), ==, 0);
    if (geteuid() != 0)
        return;
    g_assert_cmpint(chown(home, 1234, 1234), ==, 0);
    g_autoptr(PstReport) foreign = run_for(world, "harness");
    g_assert_cmpstr(only_finding(foreign, "account.home-foreign")->evidence->owner, ==,
                    "1234:1234");
    g_assert_cmpint(chown(home, 1000, 1000), ==, 0);
    g_autoptr(PstReport) own = run_for(world, "harness");
    g_assert_cmpuint(own->findings->len, ==, 0);
}

/* crontab(1) and at(1): the list of those who may comes before that of those who may not. */
static void
test_jobs(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *allow, *deny;
        PstTri cron;
    } lists[] = {
        {NULL, NULL, PST_TRI_UNKNOWN}, {"harness\n", NULL, PST_TRI_YES},
        {"root\n", NULL, PST_TRI_NO},  {NULL, "harness\n", PST_TRI_NO},
        {NULL, "", PST_TRI_YES},       {"harness\n", "harness\n", PST_TRI_YES},
    };

    put_sound(world);
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        remove_path(world, "/etc/cron.allow");
        remove_path(world, "/etc/cron.deny");
        if (lists[i].allow != NULL)
            put_text(world, "/etc/cron.allow", lists[i].allow);
        if (lists[i].deny != NULL)
            put_text(world, "/etc/cron.deny", lists[i].deny);
        g_autoptr(PstReport) report = run_for(world, "harness");
        g_assert_cmpint(((PstAccountData *)report->data)->cron, ==, lists[i].cron);
        g_assert_cmpint(report->status, ==, PST_STATUS_OK);
        if (lists[i].cron == PST_TRI_NO)
            only_finding(report, "account.jobs-denied");
    }
    g_autoptr(PstReport) root = run_for(world, "root");
    g_assert_cmpint(((PstAccountData *)root->data)->cron, ==, PST_TRI_YES);

    /* The list that decides can't be read: the other one is not the answer. */
    remove_path(world, "/etc/cron.allow");
    put_text(world, "/etc/cron.allow/in-the-way", "");
    put_text(world, "/etc/cron.deny", "");
    g_autoptr(PstReport) unlooked = run_for(world, "harness");
    g_assert_cmpint(((PstAccountData *)unlooked->data)->cron, ==, PST_TRI_UNKNOWN);
    only_finding(unlooked, "account.could-not-look");
}

/* What getent said, and what it means. */
static void
test_second_source(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *out;
        int exit_status;
        gboolean timed_out;
        gint64 took_ms;
        PstNssOutcome outcome;
    } answers[] = {
        {"net:*:2000:2000::/home/net:/bin/sh\n", 0, FALSE, 10, PST_NSS_FOUND},
        {"", 0, FALSE, 10, PST_NSS_UNASKED},
        {"", 2, FALSE, 10, PST_NSS_NOT_FOUND},
        {"", 1, FALSE, 10, PST_NSS_UNASKED},
        {"", -1, TRUE, 2000, PST_NSS_HANGS},
        {"", -1, TRUE, 50, PST_NSS_UNASKED}, /* all that the deadline left */
    };

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GString) out = g_string_new(answers[i].out);
        const PstProgramResult result = {.exit_status = answers[i].exit_status,
                                         .timed_out = answers[i].timed_out,
                                         .took_ms = answers[i].took_ms,
                                         .out = out};
        g_assert_cmpint(pst_nss_ask_judge(&result), ==, answers[i].outcome);
    }
    put_sound(world);
    g_autoptr(PstAccounts) accounts = pst_accounts_load(world->sysroot, NULL);
    const PstAccount *found = pst_accounts_add(accounts, answers[0].out);
    g_assert_cmpint(found->uid, ==, 2000);
    g_assert_null(found->path);
    g_assert_null(pst_accounts_add(accounts, "no entry"));
}

static void
test_nothing_there(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run_for(world, "harness");

    only_finding(report, "account.could-not-look");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

static void
test_garbage(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const files[] = {"/etc/group",        "/etc/shadow",
                                        "/etc/shells",       "/etc/ssh/sshd_config",
                                        "/etc/pam.d/sshd",   "/etc/security/faillock.conf",
                                        "/etc/nsswitch.conf"};
    char garbage[4096];

    put_sound(world);
    for (guint i = 0; i < sizeof(garbage); i++)
        garbage[i] = (char)(i * 31 + i / 7);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(world, files[i], garbage, sizeof(garbage), 0644);
    g_autoptr(PstReport) report = run_for(world, "harness");
    g_assert_cmpint(((PstAccountData *)report->data)->key_login, !=, PST_TRI_YES);
}

/* ---- faillock ---- */

static void
put_failures(const World *world, const char *path, const gint64 *ages_s, guint n, guint16 status)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (guint i = 0; i < n; i++) {
        guint8 record[64] = "10.0.0.1";
        guint64 when = (guint64)(time(NULL) - ages_s[i]);

        memcpy(record + 54, &status, sizeof(status));
        memcpy(record + 56, &when, sizeof(when));
        g_byte_array_append(bytes, record, sizeof(record));
    }
    put(world, path, (const char *)bytes->data, (gssize)bytes->len, 0660);
}

static void
put_faillock(const World *world, const char *conf, const char *words)
{
    g_autofree char *stack = g_strdup_printf("auth required pam_faillock.so preauth %s\n"
                                             "auth required pam_unix.so\n"
                                             "account required pam_unix.so\n",
                                             words);

    put_sound(world);
    put_text(world, "/etc/pam.d/sshd", stack);
    put_text(world, "/etc/security/faillock.conf", conf);
}

static gboolean
is_shut(const World *world)
{
    g_autoptr(PstReport) report = run_for(world, "harness");
    const PstAccountData *data = report->data;

    g_assert_nonnull(data->faillock);
    g_assert_cmpint(data->key_login, ==, PST_TRI_YES);
    if (report->findings->len == 0)
        return FALSE;
    only_finding(report, "account.faillock");
    g_assert_cmpint(data->password_login, ==, PST_TRI_NO);
    return TRUE;
}

static void
test_faillock(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *conf, *words, *path;
        gint64 ages_s[5];
        guint n;
        guint16 status;
        gboolean shut;
    } tallies[] = {
        {"", "", "/var/run/faillock/harness", {10, 20, 30}, 3, 1, TRUE},
        {"", "", "/var/run/faillock/harness", {10, 20}, 2, 1, FALSE},
        {"", "", "/var/run/faillock/harness", {10, 20, 30}, 3, 0, FALSE},
        {"", "", "/var/run/faillock/harness", {10, 20, 2000}, 3, 1, FALSE},
        {"", "", "/var/run/faillock/harness", {700, 710, 720}, 3, 1, FALSE},
        {"unlock_time = 0\n", "", "/var/run/faillock/harness", {700, 710, 720}, 3, 1, TRUE},
        {"unlock_time = never\n", "", "/var/run/faillock/harness", {700, 710, 720}, 3, 1, TRUE},
        {"# deny = 1\ndeny = 5 # five\n", "", "/var/run/faillock/harness", {1, 2, 3}, 3, 1, FALSE},
        {"deny = 5\n", "deny=2", "/var/run/faillock/harness", {1, 2}, 2, 1, TRUE},
        {"dir = /var/log/faillock\n", "", "/var/log/faillock/harness", {1, 2, 3}, 3, 1, TRUE},
        {"dir = /var/log/faillock\n", "", "/var/run/faillock/harness", {1, 2, 3}, 3, 1, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(tallies); i++) {
        put_faillock(world, tallies[i].conf, tallies[i].words);
        put_failures(world, tallies[i].path, tallies[i].ages_s, tallies[i].n, tallies[i].status);
        g_assert_cmpint(is_shut(world), ==, tallies[i].shut);
        remove_path(world, tallies[i].path);
    }
}

/* A tally cut short counts what is whole; a name that leads elsewhere has none. */
static void
test_faillock_damaged(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const gint64 ages_s[] = {1, 2, 3};
    g_autofree char *bytes = NULL;

    put_faillock(world, "", "");
    put_failures(world, "/var/run/faillock/harness", ages_s, 3, 1);
    bytes = pst_sysroot_read(world->sysroot, "/var/run/faillock/harness", 1024, NULL, NULL);
    put(world, "/var/run/faillock/harness", bytes, 2 * 64 + 40, 0660);
    g_assert_false(is_shut(world));
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/account/sound", test_sound);
    ADD("/account/nobody-named", test_nobody_named);
    ADD("/account/shadow", test_shadow);
    ADD("/account/without-pam", test_without_pam);
    ADD("/account/no-shadow-entry", test_no_shadow_entry);
    ADD("/account/shell", test_shell);
    ADD("/account/shell-loader", test_shell_loader);
    ADD("/account/files-unreadable", test_files_unreadable);
    ADD("/account/shell-shut", test_shell_shut);
    ADD("/account/nologin", test_nologin);
    ADD("/account/home", test_home);
    ADD("/account/stranger", test_stranger);
    ADD("/account/homes", test_homes);
    ADD("/account/no-home", test_no_home);
    ADD("/account/jobs", test_jobs);
    ADD("/account/second-source", test_second_source);
    ADD("/account/nothing-there", test_nothing_there);
    ADD("/account/garbage", test_garbage);
    ADD("/account/faillock", test_faillock);
    ADD("/account/faillock-damaged", test_faillock_damaged);
    return g_test_run();
}
