// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/pam-world.h"

static void
test_debian(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    g_autoptr(PstReport) report = run(world, "harness");

    g_assert_cmpuint(report->findings->len, ==, 0);
    const PstPamServiceReport *sshd = service_of(report, "sshd");
    g_assert_cmpstr(sshd->account->outcome, ==, "passes");
    g_assert_cmpstr(sshd->session->outcome, ==, "depends");
    g_assert_cmpstr(sshd->auth->outcome, ==, "depends");
    g_assert_null(service_of(report, "cron")->auth);
    g_assert_cmpstr(service_of(report, "systemd-user")->file, ==, "/usr/lib/pam.d/systemd-user");
    g_assert_cmpint(((PstPamData *)report->data)->sshd_asks, ==, PST_TRI_YES);
}

static void
test_red_hat(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_red_hat(world);
    g_autoptr(PstReport) report = run(world, "harness");
    g_autoptr(PstReport) nobody = run(world, NULL);
    const PstPamData *found = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpint(nobody->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(service_of(report, "sshd")->account->outcome, ==, "passes");
    g_assert_cmpstr(found->faillock->folder, ==, "/var/run/faillock");
    g_assert_cmpint(found->faillock->locked, ==, PST_TRI_NO);
}

static void
test_no_pam(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    remove_path(world, "/etc/pam.d");
    remove_path(world, "/usr/lib/pam.d");
    g_autoptr(PstReport) report = run(world, "harness");

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_nonnull(strstr(report->summary, "nothing asks PAM"));
}

/* What is changed, and what must come first. */
typedef struct {
    const char *name;
    const char *path;
    const char *text; /* NULL: it goes away */
    const char *first;
    PstSeverity severity;
    const char *says; /* in the message */
    gint64 line;      /* 0: none */
    const char *service, *phase, *outcome;
} Change;

static const Change changes[] = {
    {"common", COMMON, "account required pam_nope.so\naccount required pam_unix.so\n",
     "pam.module-missing", PST_SEVERITY_CRITICAL, "concerns sshd, sudo, login, su and 2 more", 1,
     "sshd", "account", "fails"},
    {"dash", COMMON, "-account required pam_nope.so\naccount required pam_unix.so\n",
     "pam.module-missing", PST_SEVERITY_CRITICAL, "sshd", 1, "sudo", "account", "fails"},
    {"optional", COMMON, "account optional pam_nope.so\naccount required pam_unix.so\n",
     "pam.module-missing", PST_SEVERITY_INFORMATION, "nothing hangs on it", 1, "sshd", "account",
     "passes"},
    {"auth", "/etc/pam.d/common-auth", "auth required pam_nope.so\nauth required pam_unix.so\n",
     "pam.module-missing", PST_SEVERITY_WARNING, "concerns sshd, sudo, login and su", 1, "sshd",
     "auth", "fails"},
    {"login-only", "/etc/pam.d/login", "auth required pam_nope.so\n@include common-account\n",
     "pam.module-missing", PST_SEVERITY_WARNING, "concerns login", 1, "login", "auth", "fails"},
    {"module", SECURITY "pam_unix.so", NULL, "pam.module-missing", PST_SEVERITY_CRITICAL,
     "pam_unix.so, which is not there", 1, "sshd", "account", "fails"},
    {"damaged", SECURITY "pam_unix.so", "#!", "pam.module-damaged", PST_SEVERITY_CRITICAL,
     "too short for an ELF header", 1, "sshd", "account", "fails"},
    {"faulty", COMMON, "account requird pam_unix.so\n", "pam.line-faulty", PST_SEVERITY_CRITICAL,
     "common-account:1 fails", 1, "sshd", "account", "fails"},
    {"include", COMMON, NULL, "pam.include-missing", PST_SEVERITY_CRITICAL, "common-account", 3,
     "sshd", "session", "fails"},
    {"include-phase", "/etc/pam.d/sshd",
     "auth include nope\naccount include nope\nsession required pam_unix.so\n",
     "pam.include-missing", PST_SEVERITY_CRITICAL, "it includes nope", 2, "sshd", "account",
     "fails"},
    {"loop", COMMON, "@include sshd\n@include sshd\n", "pam.include-loop", PST_SEVERITY_CRITICAL,
     "include each other", 1, "sshd", "account", "fails"},
    {"emptied", "/etc/pam.d/sudo", "", "pam.service-empty", PST_SEVERITY_WARNING,
     "/etc/pam.d/sudo has no lines", 0, "sudo", "account", "passes"},
    {"absent", "/etc/pam.d/sshd", NULL, "pam.service-empty", PST_SEVERITY_WARNING,
     "/etc/pam.d/sshd is not there", 0, "sshd", "account", "passes"},
    {"deny", COMMON, "account required pam_deny.so\n", "pam.never-succeeds", PST_SEVERITY_CRITICAL,
     "account required pam_deny.so", 1, "sshd", "account", "fails"},
    {"other-broken", "/etc/pam.d/other", "@include nope\n", "pam.include-missing",
     PST_SEVERITY_CRITICAL, "/etc/pam.d/other", 1, "sshd", "account", "fails"},
    {"access", COMMON, "account required pam_access.so\naccount required pam_unix.so\n",
     "pam.access-denies", PST_SEVERITY_CRITICAL, "denies harness from 192.0.2.10", 2, "sshd",
     "account", "fails"},
    {"time", COMMON, "account required pam_time.so\naccount required pam_unix.so\n",
     "pam.time-denies", PST_SEVERITY_CRITICAL, "the guest's clock says", 1, "sshd", "account",
     "fails"},
    {"nologin", "/etc/nologin", "Back at six.\n", "pam.nologin", PST_SEVERITY_CRITICAL,
     "lets in root alone", 0, "sshd", "account", "fails"},
    {"run-nologin", "/run/nologin", "", "pam.nologin", PST_SEVERITY_CRITICAL, "/run/nologin", 0,
     "login", "auth", "fails"},
    {"maxlogins", "/etc/security/limits.conf", "* hard maxlogins 0\n", "pam.limits",
     PST_SEVERITY_CRITICAL, "every session is refused", 1, "sshd", "session", "fails"},
    {"nproc", "/etc/security/limits.conf", "harness hard nproc 0\n", "pam.limits",
     PST_SEVERITY_CRITICAL, "no shell can begin", 1, "sshd", "session", "depends"},
    {"few-files", "/etc/security/limits.conf", "harness hard nofile 14\n", "pam.limits",
     PST_SEVERITY_INFORMATION, "may not be enough", 1, "sshd", "session", "depends"},
    {"no-new-privileges", "/etc/security/limits.conf", "harness - nonewprivs 1\n",
     "pam.no-new-privileges", PST_SEVERITY_CRITICAL, "sudo refuses in them", 1, "sshd", "session",
     "depends"},
    {"env", "/etc/security/pam_env.conf", "A DEFAULT=1\nX DEFAULT=${\nB DEFAULT=1\n",
     "pam.env-faulty", PST_SEVERITY_CRITICAL, "no session is opened", 2, "sshd", "session",
     "fails"},
    {"env-unsure", "/etc/security/pam_env.conf", "X\n", "pam.env-faulty", PST_SEVERITY_INFORMATION,
     "may give up", 1, "sshd", "session", "depends"},
    {"env-sound", "/etc/security/pam_env.conf", "# X DEFAULT=${\nX DEFAULT=${A}\n", NULL, 0, NULL,
     0, "sshd", "session", "depends"},
    {"path", "/etc/environment", "PATH=\"$PATH:/opt/bin\"\n", "pam.path-without-sudo",
     PST_SEVERITY_CRITICAL, "has no sudo in it", 1, "sshd", "session", "depends"},
    {"path-sound", "/etc/environment", "PATH=\"/usr/local/bin:/usr/bin\"\n", NULL, 0, NULL, 0,
     "sshd", "session", "depends"},
    {"exec", COMMON, "account required pam_exec.so quiet /opt/gate\naccount required pam_unix.so\n",
     "pam.depends", PST_SEVERITY_INFORMATION, "hangs on what pam_exec.so says", 1, "sshd",
     "account", "depends"},
    {"exec-gone", COMMON,
     "account required pam_exec.so quiet /opt/none\naccount required pam_unix.so\n",
     "pam.denies-user", PST_SEVERITY_CRITICAL, "/opt/none, which is not there", 0, "sshd",
     "account", "fails"},
    {"exec-optional", "/etc/pam.d/common-session",
     "session optional pam_exec.so /opt/gate\nsession required pam_unix.so\n", NULL, 0, NULL, 0,
     "sshd", "session", "depends"},
    {"sites-own", COMMON, "account required pam_unix.so\naccount required pam_own.so\n",
     "pam.depends", PST_SEVERITY_INFORMATION, "hangs on what pam_own.so says", 2, "sshd", "account",
     "depends"},
    {"by-host", COMMON,
     "account required pam_listfile.so item=rhost sense=allow file=/h\n"
     "account required pam_unix.so\n",
     "pam.depends", PST_SEVERITY_INFORMATION, "pam_listfile.so", 1, "sshd", "account", "depends"},
    {"no-shells", COMMON, "account required pam_shells.so\naccount required pam_unix.so\n",
     "pam.denies-user", PST_SEVERITY_CRITICAL, "/etc/shells is not there", 0, "sshd", "account",
     "fails"},
    {"condition", COMMON,
     "account required pam_succeed_if.so user ingroup wheel\naccount required pam_unix.so\n",
     "pam.denies-user", PST_SEVERITY_CRITICAL, "user ingroup wheel", 1, "sshd", "account", "fails"},
    /* The account's own matter is told by `account`. */
    {"expired", "/etc/shadow", "harness:$y$x$y:19000:0:99999:7::1:\n", NULL, 0, NULL, 0, "sshd",
     "account", "fails"},
    {"no-password", "/etc/shadow", "harness:*:19000:0:99999:7:::\n", NULL, 0, NULL, 0, "login",
     "auth", "fails"},
    {"must-change", "/etc/shadow", "harness:$y$x$y:0:0:99999:7:::\n", NULL, 0, NULL, 0, "sudo",
     "account", "depends"},
    {"other-rhel", "/etc/pam.d/other",
     "auth required pam_deny.so\naccount required pam_deny.so\nsession required pam_deny.so\n",
     NULL, 0, NULL, 0, "sshd", "account", "passes"},
};

static void
test_change(World *world, gconstpointer data)
{
    const Change *change = data;

    put_debian(world);
    put_text(world, "/etc/security/access.conf", "+:root:ALL\n-:ALL:ALL\n");
    put_text(world, "/etc/security/time.conf", "*;*;!root;!Al0000-2400\n");
    put(world, "/opt/gate", "#!/bin/sh\n", -1, 0755);
    if (change->text != NULL)
        put_text(world, change->path, change->text);
    else
        remove_path(world, change->path);
    g_autoptr(PstReport) report = run(world, "harness");
    const PstFinding *first = report->findings->len > 0 ? report->findings->pdata[0] : NULL;

    g_assert_cmpstr(first != NULL ? first->id : NULL, ==, change->first);
    if (first != NULL) {
        g_assert_cmpint(first->severity, ==, (int)change->severity);
        g_assert_nonnull(strstr(first->message, change->says));
        g_assert_nonnull(first->remedy);
        g_assert_cmpint(first->evidence->line, ==,
                        change->line > 0 ? change->line : PST_INT_UNKNOWN);
        /* What libpam looked for. */
        if (strstr(first->message, "it includes common-account") != NULL)
            g_assert_cmpstr(first->evidence->expected, ==, COMMON);
    }
    const PstPamServiceReport *service = service_of(report, change->service);
    const PstPamPhaseReport *phase = g_str_equal(change->phase, "auth")      ? service->auth
                                     : g_str_equal(change->phase, "account") ? service->account
                                                                             : service->session;
    g_assert_cmpstr(phase->outcome, ==, change->outcome);
    gsize len;
    g_autofree char *text = pst_report_to_text(report, 1024 * 1024, &len);
    g_assert_null(strstr(text, "$y$"));
}

/* Whoever comes by a key is let in with a password that is too old; on the console nobody is. */
static void
test_age_passes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    put_text(world, COMMON, "account required pam_unix.so no_pass_expiry\n");
    put(world, "/etc/shadow", "root:*:1:0:99999:7:::\nharness:$y$x$y:0:0:99999:7:::\n", -1, 0640);
    g_autoptr(PstReport) report = run(world, "harness");

    g_assert_cmpstr(service_of(report, "sshd")->account->outcome, ==, "passes");
    g_assert_cmpstr(service_of(report, "login")->account->outcome, ==, "fails");
}

/* One line, one finding, however many services it shuts. */
static void
test_one_cause(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    put_text(world, COMMON, "account required pam_nope.so\naccount required pam_unix.so\n");
    g_autoptr(PstReport) report = run(world, "harness");

    g_assert_cmpuint(report->findings->len, ==, 1);
    const PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->evidence->path, ==, COMMON);
    g_assert_cmpstr(finding->evidence->text, ==, "account required pam_nope.so");
    g_assert_cmpstr(finding->evidence->expected, ==, SECURITY "pam_nope.so");
    const PstPamPhaseReport *account = service_of(report, "sshd")->account;
    g_assert_cmpstr(account->finding, ==, "pam.module-missing");
    g_assert_cmpstr(account->file, ==, COMMON);
}

static void
test_findings_of_account(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    put(world, "/etc/shadow", "harness:$y$x$y:19000:0:99999:7::1:\n", -1, 0640);
    g_autoptr(PstReport) report = run(world, "harness");

    g_assert_cmpstr(service_of(report, "sshd")->account->finding, ==, "account.expired");
    /* And what else is wrong is not hidden by it. */
    put_text(world, "/etc/nologin", "");
    g_autoptr(PstReport) both = run(world, "harness");
    const PstFinding *finding = both->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, "pam.nologin");
    g_assert_cmpstr(finding->caused_by, ==, "system.nologin");
    g_assert_cmpstr(finding->undo->argv[1], ==, "/etc/nologin");
}

static void
test_root(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    put_text(world, "/etc/nologin", "");
    g_autoptr(PstReport) report = run(world, "root");

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpstr(service_of(report, "sshd")->account->outcome, ==, "passes");
}

/* Where sshd does not ask PAM, its stack shuts nobody out. */
static void
test_without_use_pam(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    put_text(world, "/etc/ssh/sshd_config", "UsePAM no\n");
    put_text(world, "/etc/pam.d/sshd", "account required pam_nope.so\n");
    g_autoptr(PstReport) report = run(world, "harness");

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, "pam.module-missing");
}

/* The rule names a network, and nobody said from where. */
static void
test_unsure(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_debian(world);
    put_text(world, COMMON, "account required pam_access.so\naccount required pam_unix.so\n");
    put_text(world, "/etc/security/access.conf",
             "+:harness:192.0.2.0/24\n+:harness:LOCAL\n-:ALL:ALL\n");
    g_autoptr(PstReport) named = run(world, "harness");
    g_assert_cmpint(named->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(service_of(named, "sshd")->account->outcome, ==, "passes");

    g_autoptr(PstReport) nowhere = run_with(world, (PstPamArgs){.user = (char *)"harness"});
    g_assert_cmpint(nowhere->status, ==, PST_STATUS_OK);
    g_assert_nonnull(find(nowhere, "pam.access-unsure"));
    g_assert_cmpstr(service_of(nowhere, "sshd")->account->outcome, ==, "depends");

    put_text(world, "/etc/security/access.conf", "+:@admins:ALL\n-:ALL:ALL\n");
    g_autoptr(PstReport) netgroup = run(world, "harness");
    g_assert_cmpint(netgroup->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpstr(((PstFinding *)netgroup->findings->pdata[0])->id, ==, "pam.access-unsure");
}

/* Files of rules that can't be read speak for nobody. */
static void
test_unlooked(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {"/etc/security/access.conf", "/etc/security/limits.conf"};
    put_debian(world);
    put_text(world, COMMON, "account required pam_access.so\n");
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *fifo = place(world, paths[i]);
        g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
        g_autoptr(PstReport) report = run(world, "harness");
        g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
        g_assert_cmpstr(find(report, "pam.could-not-look")->evidence->path, ==, paths[i]);
        unlink(fifo);
    }
}

static void
test_truncated(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *bytes = NULL;
    gsize len;

    put_debian(world);
    g_autofree char *path = place(world, SECURITY "pam_umask.so");
    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    put(world, SECURITY "pam_umask.so", bytes, 5000, 0644);
    g_autoptr(PstReport) report = run(world, "harness");
    const PstFinding *first = report->findings->pdata[0];

    g_assert_cmpstr(first->id, ==, "pam.module-truncated");
    g_assert_cmpstr(service_of(report, "sshd")->account->outcome, ==, "fails");
    g_assert_cmpint(first->severity, ==, PST_SEVERITY_CRITICAL);
}

/* Who asks must not choose which files are read. */
static void
test_named(World *world, gconstpointer data G_GNUC_UNUSED)
{
    char *names[] = {(char *)"su", (char *)"chfn", (char *)"../shadow", (char *)"/etc/shadow",
                     NULL};

    put_debian(world);
    put_text(world, "/etc/pam.d/chfn", "auth required pam_nope.so\n@include common-account\n");
    g_autoptr(PstReport) report = run_with(world, (PstPamArgs){.services = names});
    const PstPamData *found = report->data;

    g_assert_cmpuint(found->services->len, ==, 2);
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpuint(report->findings->len, ==, 3);
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/probe-pam/debian", test_debian);
    ADD("/probe-pam/red-hat", test_red_hat);
    ADD("/probe-pam/no-pam", test_no_pam);
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *name = g_strconcat("/probe-pam/change/", changes[i].name, NULL);
        g_test_add(name, World, &changes[i], set_up, test_change, tear_down);
    }
    ADD("/probe-pam/one-cause", test_one_cause);
    ADD("/probe-pam/age-passes", test_age_passes);
    ADD("/probe-pam/findings-of-account", test_findings_of_account);
    ADD("/probe-pam/root", test_root);
    ADD("/probe-pam/without-use-pam", test_without_use_pam);
    ADD("/probe-pam/unsure", test_unsure);
    ADD("/probe-pam/truncated", test_truncated);
    ADD("/probe-pam/named", test_named);
    ADD("/probe-pam/unlooked", test_unlooked);
    return g_test_run();
}
