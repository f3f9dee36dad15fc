// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/probe-sudo-parts.h"
#include "protocol/finding-catalogue.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"
#include "tests/unit/sudo-world.h"

/* What is changed in a sound guest, and what the report must say first. */
typedef struct {
    const char *path;
    const char *text; /* NULL: the file is as it was, or goes away where mode is 0 */
    int mode;
    const char *first; /* the first finding, NULL for none */
    PstStatus status;
    PstSudoVerdict verdict;
    const char *word; /* an argument besides user=harness */
} Change;

#define REFUSED PST_STATUS_CRITICAL, PST_SUDO_REFUSED
#define GRANTED PST_STATUS_OK, PST_SUDO_GRANTED

static const Change changes[] = {
    {"/etc/motd", "x", 0644, NULL, GRANTED, NULL},
    {DROP_IN, NULL, 0666, "sudo.file-world-writable", REFUSED, NULL},
    {"/etc/sudoers", NULL, 0666, "sudo.file-world-writable", REFUSED, NULL},
    {"/etc/sudoers", NULL, 0, "sudo.include-missing", REFUSED, NULL},
    {DROP_IN, NULL, 0, "sudo.no-rule", REFUSED, NULL},
    {DROP_IN, "harness ALL=(ALL NOPASSWD: ALL\n", 0440, "sudo.syntax-error", REFUSED, NULL},
    {DROP_IN, "harness ALL=(ALL) ALL\n", 0440, "sudo.password-required", PST_STATUS_CRITICAL,
     PST_SUDO_GRANTED_WITH_PASSWORD, NULL},
    {DROP_IN, "harness ALL=(ALL) ALL\n", 0440, "sudo.password-required", PST_STATUS_OK,
     PST_SUDO_GRANTED_WITH_PASSWORD, "tty=true"},
    {DROP_IN, "harness ALL=NOPASSWD: ALL, !/usr/bin/true\n", 0440, "sudo.denied-by-rule", REFUSED,
     NULL},
    {DROP_IN, "harness ALL=NOPASSWD: /usr/bin/id\n", 0440, "sudo.limited-rules", PST_STATUS_WARNING,
     PST_SUDO_REFUSED, NULL},
    {DROP_IN, "harness ALL=NOPASSWD: /usr/bin/id\n", 0440, "sudo.no-rule", REFUSED,
     "command=/usr/bin/systemctl,restart,nginx"},
    {DROP_IN, "harness ALL=NOPASSWD: /usr/bin/systemctl restart *\n", 0440, NULL, GRANTED,
     "command=/usr/bin/systemctl,restart,nginx"},
    {DROP_IN, "+net ALL=NOPASSWD: ALL\n", 0440, "sudo.rule-unsure", PST_STATUS_UNKNOWN,
     PST_SUDO_UNKNOWN, NULL},
    {"/etc/sudoers.d/a", "foo bar\n", 0440, "sudo.syntax-error", PST_STATUS_WARNING,
     PST_SUDO_GRANTED, NULL},
    {"/etc/sudoers.d/a", "@include /nope\n", 0440, "sudo.include-missing", PST_STATUS_WARNING,
     PST_SUDO_GRANTED, NULL},
    {"/etc/sudoers.d/a", "Defaults requiretty\n", 0440, "sudo.tty-required", REFUSED, NULL},
    {"/etc/sudoers.d/a", "Defaults requiretty\n", 0440, NULL, GRANTED, "tty=true"},
    {"/etc/sudoers.d/a", "Defaults secure_path=/opt:/none\n", 0440, "sudo.secure-path", REFUSED,
     NULL},
    {"/etc/sudoers.d/a", "Defaults secure_path=/usr/bin:/none\n", 0440, NULL, GRANTED, NULL},
    {"/etc/sudoers.d/a", "Defaults secure_path=/none\n", 0440, NULL, GRANTED,
     "command=/usr/bin/systemctl"},
    {"/etc/sudoers.d/a", "Defaults secure_path=/none\n", 0440, "sudo.secure-path", REFUSED,
     "command=true"},
    {"/etc/sudoers.d/a", "Defaults runas_default=bin\n", 0440, "sudo.runs-as-other", REFUSED, NULL},
    {"/etc/sudoers.d/a", "Defaults runas_default=\"#0\"\n", 0440, NULL, GRANTED, NULL},
    {"/etc/sudoers.d/a.b", "harness ALL=NOPASSWD: ALL\n", 0440, "sudo.file-skipped", GRANTED, NULL},
    {"/etc/sudoers.d/a", "harness ALL=NOPASSWD: ALL\n", 0666, "sudo.file-world-writable",
     PST_STATUS_WARNING, PST_SUDO_GRANTED, NULL},
    {SUDO, NULL, 0755, "sudo.setuid-missing", REFUSED, NULL},
    {SUDO, NULL, 04750, "sudo.not-executable", REFUSED, NULL},
    {SUDO, "#!/lib/no-loader\n", 04755, "sudo.loader-missing", REFUSED, NULL},
    {SUDO, NULL, 0, "sudo.not-installed", PST_STATUS_CRITICAL, PST_SUDO_REFUSED, NULL},
    {"/proc/self/mountinfo", "1 1 0:1 / / rw,nosuid - ext4 /dev/vda rw\n", 0444,
     "sudo.nosuid-mount", REFUSED, NULL},
    {"/proc/self/mountinfo", "1 1 0:1 / / rw,nosuid - ext4 a rw\n2 1 0:2 / /usr rw - ext4 b rw\n",
     0444, NULL, GRANTED, NULL},
    {SECURITY "pam_limits.so", NULL, 0, "sudo.pam-module-missing", REFUSED, NULL},
    {SECURITY "pam_limits.so", "", 0644, "sudo.pam-module-damaged", REFUSED, NULL},
    {"/etc/pam.d/sudo", "account required pam_permit.so\naccount required pam_nope.so\n", 0644,
     "sudo.pam-module-missing", REFUSED, NULL},
    {"/etc/pam.d/sudo",
     "auth required pam_nope.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
     0644, "sudo.pam-module-missing", PST_STATUS_WARNING, PST_SUDO_GRANTED, NULL},
    {"/etc/pam.d/sudo",
     "-auth sufficient pam_nope.so\nauth required pam_unix.so\naccount required pam_permit.so\n"
     "-session optional pam_nope.so\nsession required pam_permit.so\n",
     0644, NULL, GRANTED, NULL},
    {"/etc/pam.d/sudo", "", 0644, "sudo.pam-service-empty", REFUSED, NULL},
    {"/etc/pam.d/sudo", "@include common\n", 0644, "sudo.pam-aborts", REFUSED, NULL},
    {"/etc/pam.d/other", "@include common\n", 0644, "sudo.pam-aborts", REFUSED, NULL},
    {"/etc/shadow", "harness:$y$x$y:19000:0:99999:7::1:\n", 0640, "sudo.account-expired", REFUSED,
     NULL},
    {"/etc/shadow", "harness:!$y$x$y:19000:0:99999:7:::\n", 0640, "sudo.password-locked", GRANTED,
     NULL},
    {"/etc/shadow", "harness:$y$x$y:0:0:99999:7:::\n", 0640, NULL, GRANTED, NULL},
    {"/etc/shadow", "root:*:19000:0:99999:7:::\n", 0640, "sudo.no-shadow-entry", REFUSED, NULL},
    {"/etc/passwd", "root:x:0:0::/root:/bin/bash\n", 0644, "sudo.unknown-user", REFUSED, NULL},
    {"/etc/hosts", "127.0.0.1 localhost\n", 0644, "sudo.slow-resolver", GRANTED, NULL},
};

static void
test_change(World *world, gconstpointer data)
{
    const Change *change = data;
    const char *const words[] = {"user=harness", change->word, NULL};

    if (needs_root())
        return;
    furnish(world);
    if (change->text != NULL) {
        put(world, change->path, change->text, -1, change->mode);
    } else if (change->mode == 0) {
        remove_path(world, change->path);
    } else {
        g_autofree char *path = place(world, change->path);
        g_assert_cmpint(chmod(path, (mode_t)change->mode), ==, 0);
    }

    g_autoptr(PstReport) report = run(world, words);
    const PstSudoData *found = report->data;
    for (guint i = 0; i < report->findings->len; i++)
        g_test_message("%s", ((const PstFinding *)report->findings->pdata[i])->message);
    const PstFinding *first = report->findings->len > 0 ? report->findings->pdata[0] : NULL;
    g_assert_cmpstr(first != NULL ? first->id : NULL, ==, change->first);
    g_assert_cmpint(report->status, ==, change->status);
    g_assert_cmpint(found->verdict, ==, change->verdict);
    /* Every id has a page, and the report survives the wire. */
    for (guint i = 0; i < report->findings->len; i++)
        g_assert_nonnull(
            pst_finding_catalogue_find(((const PstFinding *)report->findings->pdata[i])->id));
    gsize len;
    g_autofree char *text = pst_report_to_text(report, 1024 * 1024, &len);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &pst_validate_from_guest, &error);
    g_assert_no_error(error);
    g_autoptr(PstReport) again = pst_report_decode(json, &error);
    g_assert_no_error(error);
    g_assert_cmpint(((PstSudoData *)again->data)->verdict, ==, change->verdict);
    g_assert_null(strstr(text, "$y$"));
}

static void
test_folder_shut(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *folder = g_build_filename(world->folder, "/usr", NULL);
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    g_assert_cmpint(chmod(folder, 0750), ==, 0);
    g_autoptr(PstReport) report = run(world, words);
    const PstFinding *finding = find(report, "sudo.not-executable");
    g_assert_nonnull(finding);
    g_assert_cmpstr(finding->evidence->path, ==, "/usr");
    g_assert_cmpstr(finding->evidence->mode, ==, "0750");
    g_assert_nonnull(strstr(finding->message, "may not enter /usr"));
}

static void
test_several(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    put(world, DROP_IN, "harness ALL=(ALL) NOPASSWD: ALL\n", -1, 0666);
    put(world, "/etc/shadow", "harness:x$y$z:19000:0:99999:7::1:\n", -1, 0640);
    put_text(world, "/etc/pam.d/sudo",
             "account required pam_nope.so\naccount required pam_unix.so\n"
             "session required pam_permit.so\n");
    put(world, SUDO, "the program", -1, 0755);
    g_autoptr(PstReport) report = run(world, words);

    g_assert_nonnull(find(report, "sudo.setuid-missing"));
    g_assert_nonnull(find(report, "sudo.account-expired"));
    g_assert_nonnull(find(report, "sudo.pam-module-missing"));
    const PstFinding *drop_in = find(report, "sudo.file-world-writable");
    g_assert_nonnull(drop_in);
    g_assert_cmpstr(drop_in->undo->mode, ==, "0440");
    g_assert_cmpstr(drop_in->evidence->mode, ==, "0666");
    g_assert_cmpint(drop_in->evidence->line, ==, 1);
    /* The rule is there, and who says otherwise sends the reader the wrong way. */
    g_assert_null(find(report, "sudo.no-rule"));
}

static void
test_users(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const nobody[] = {NULL}, *const nix[] = {"user=nix", NULL};

    if (needs_root())
        return;
    furnish(world);
    g_autoptr(PstReport) only = run(world, nobody);
    g_assert_cmpstr(((PstSudoData *)only->data)->user, ==, "harness");
    g_assert_cmpint(only->status, ==, PST_STATUS_OK);

    put(world, "/etc/sudoers.d/all", "ALL ALL=(ALL) ALL\n", -1, 0440);
    put_text(world, "/etc/passwd",
             "root:x:0:0::/root:/bin/bash\nharness:x:1000:1000::/:/bin/bash\n"
             "second:x:1001:1001::/:/bin/bash\n");
    g_autoptr(PstReport) several = run(world, nobody);
    g_assert_nonnull(find(several, "sudo.no-user-named"));
    g_assert_cmpint(several->status, ==, PST_STATUS_OK);
    g_assert_nonnull(strstr(several->summary, "nobody's right was judged"));
    g_assert_cmpint(((PstSudoData *)several->data)->verdict, ==, PST_SUDO_UNKNOWN);
    g_assert_cmpstr(((PstSudoData *)several->data)->pam->account, ==, "depends");

    put_text(world, "/etc/nsswitch.conf", "passwd: files sss\nsudoers: files sss\n");
    g_autoptr(PstReport) elsewhere = run(world, nix);
    g_assert_cmpint(elsewhere->status, ==, PST_STATUS_UNKNOWN);
    g_assert_nonnull(find(elsewhere, "sudo.unknown-user"));
}

/* A sound guest, of which nobody said who is to become root, is not accused of being as it is. */
static void
test_nobody_named(World *world, gconstpointer data)
{
    const Change *change = data;
    const char *const nobody[] = {NULL};

    if (needs_root())
        return;
    furnish(world);
    if (change->text != NULL)
        put(world, change->path, change->text, -1, change->mode);
    else
        remove_path(world, change->path);
    if (change->word != NULL)
        put_text(world, "/etc/passwd", change->word);

    g_autoptr(PstReport) report = run(world, nobody);
    const PstFinding *first = report->findings->len > 0 ? report->findings->pdata[0] : NULL;
    g_assert_nonnull(first);
    g_test_message("%s; %s", first->message, report->summary);
    g_assert_cmpstr(first->id, ==, change->first);
    g_assert_cmpint(report->status, ==, change->status);
    g_assert_cmpint(((PstSudoData *)report->data)->verdict, ==, change->verdict);
    g_assert_cmpint(first->severity, ==, (int)change->status);
}

#define TWO_PEOPLE                                                                                 \
    "root:x:0:0::/root:/bin/bash\nharness:x:1000:1000::/:/bin/bash\nb:x:1001:1001::/:/bin/bash\n"
#define FOR_ALL "ALL ALL=(ALL) ALL\n"

/* The word is another passwd. */
static const Change unnamed[] = {
    {DROP_IN, "harness ALL=(ALL) ALL\n", 0440, "sudo.password-required", PST_STATUS_OK,
     PST_SUDO_GRANTED_WITH_PASSWORD, NULL},
    {DROP_IN, "harness ALL=NOPASSWD: /usr/bin/id\n", 0440, "sudo.limited-rules", PST_STATUS_OK,
     PST_SUDO_REFUSED, NULL},
    {"/etc/sudoers.d/a", "Defaults requiretty\n", 0440, "sudo.tty-required", PST_STATUS_OK,
     PST_SUDO_REFUSED, NULL},
    {SUDO, NULL, 0, "sudo.not-installed", PST_STATUS_OK, PST_SUDO_UNKNOWN, NULL},
    {DROP_IN, NULL, 0, "sudo.no-user-named", PST_STATUS_OK, PST_SUDO_UNKNOWN, NULL},
    {DROP_IN, FOR_ALL, 0440, "sudo.no-user-named", PST_STATUS_OK, PST_SUDO_UNKNOWN, TWO_PEOPLE},
    /* What is wrong for everybody is wrong. */
    {"/etc/sudoers", FOR_ALL, 0666, "sudo.file-world-writable", REFUSED, NULL},
    {"/etc/sudoers", "foo bar\n", 0440, "sudo.syntax-error", PST_STATUS_WARNING, PST_SUDO_UNKNOWN,
     TWO_PEOPLE},
    {SUDO, "the program", 0755, "sudo.setuid-missing", PST_STATUS_CRITICAL, PST_SUDO_REFUSED, NULL},
    {"/etc/pam.d/sudo", "account required pam_nope.so\nsession required pam_permit.so\n", 0644,
     "sudo.pam-module-missing", PST_STATUS_CRITICAL, PST_SUDO_UNKNOWN,
     "root:x:0:0::/root:/bin/bash\n"},
    {DROP_IN, "Defaults targetpw\nharness ALL=(ALL) ALL\n", 0440, "sudo.password-required",
     PST_STATUS_CRITICAL, PST_SUDO_REFUSED, NULL},
};

static const char *
skipped(const PstReport *report)
{
    return ((PstSudoData *)report->data)->live->skipped_because;
}

/* NixOS has no /usr/bin/true, old Alpine neither. */
static void
test_harmless(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    remove_path(world, "/usr/bin/true");
    g_autoptr(PstReport) none = run(world, words);
    g_assert_cmpint(none->status, ==, PST_STATUS_OK);
    g_assert_nonnull(strstr(skipped(none), "there is no true(1)"));

    put_text(world, "/run/current-system/sw/bin/true", "");
    g_autoptr(PstReport) nixos = run(world, words);
    g_assert_cmpstr(((PstSudoData *)nixos->data)->command[0], ==,
                    "/run/current-system/sw/bin/true");
    g_assert_cmpstr(skipped(nixos), ==, "this is not a running system");
    put_text(world, "/bin/true", "");
    g_autoptr(PstReport) alpine = run(world, words);
    g_assert_cmpstr(((PstSudoData *)alpine->data)->command[0], ==, "/bin/true");
}

/* What sudo might have answered, and what is made of it. */
typedef struct {
    const char *path; /* of a file in a sound guest, and what is in it */
    const char *text;
    const char *error;
    int exit_status; /* -1: it was killed at its deadline */
    const char *finding;
    PstSeverity severity;
} Heard;

#define NO_ACCOUNT "sudo: PAM account management error: Authentication failure"
#define RADIUS "account required pam_radius.so\nsession required pam_permit.so\n"

static const Heard heard[] = {
    {"/etc/motd", "", "sudo: a password is required", 1, "sudo.refuses", PST_SEVERITY_CRITICAL},
    {"/etc/motd", "", NO_ACCOUNT, 1, "sudo.refuses", PST_SEVERITY_CRITICAL},
    {"/etc/motd", "", "", 127, "sudo.refuses", PST_SEVERITY_CRITICAL},
    {"/etc/motd", "", "", -1, "sudo.hangs", PST_SEVERITY_UNKNOWN},
    {"/etc/motd", "", "sudo: /usr/bin/true: command not found", 1, "sudo.could-not-look",
     PST_SEVERITY_UNKNOWN},
    {"/etc/pam.d/sudo", RADIUS, NO_ACCOUNT, 1, "sudo.could-not-look", PST_SEVERITY_UNKNOWN},
    {"/etc/pam.d/sudo", RADIUS, "", -1, "sudo.could-not-look", PST_SEVERITY_UNKNOWN},
    {"/etc/pam.d/sudo", RADIUS, "sudo: no valid sudoers sources found, quitting", 1, "sudo.refuses",
     PST_SEVERITY_CRITICAL},
    {"/etc/nsswitch.conf", "sudoers: files ldap\n", "sudo: a password is required", 1,
     "sudo.could-not-look", PST_SEVERITY_UNKNOWN},
    {"/etc/nsswitch.conf", "passwd: files sss\nnetgroup: nis\n", NO_ACCOUNT, 1, "sudo.refuses",
     PST_SEVERITY_CRITICAL},
};

static void
test_heard(World *world, gconstpointer data)
{
    const Heard *one = data;
    const PstSudoArgs args = {.user = (char *)"harness"};
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    g_autoptr(PstReport) report = pst_report_new(&pst_report_sudo_kind);
    PstSudoData *found = report->data;
    PstProbeSudo sudo = {.context = &context, .args = &args, .report = report, .data = found};

    furnish(world);
    put_text(world, one->path, one->text);
    g_autoptr(PstAccounts) accounts = pst_accounts_load(world->sysroot, NULL);
    g_autoptr(PstSudoers) sudoers = pst_sudoers_read(world->sysroot, "/etc/sudoers", "guest");
    sudo.accounts = accounts;
    sudo.sudoers = sudoers;
    sudo.harmless = "/usr/bin/true";
    sudo.user = sudo.question.user = pst_accounts_find(accounts, "harness");
    g_autoptr(GArray) groups = pst_accounts_groups(accounts, sudo.user);
    sudo.groups = groups;
    sudo.question.groups = groups;
    sudo.question.sysroot = world->sysroot;
    sudo.question.accounts = accounts;
    found->program = pst_fields_new(&pst_report_sudo_program_fields);
    found->program->path = g_strdup(SUDO);
    found->live = pst_fields_new(&pst_report_sudo_live_fields);
    pst_probe_sudo_pam(&sudo);
    sudo.answer.match = PST_SUDOERS_ALLOWED;

    const PstProgramResult result = {.exit_status = one->exit_status,
                                     .signal = one->exit_status < 0 ? 9 : 0,
                                     .timed_out = one->exit_status < 0,
                                     .out = g_string_new(NULL),
                                     .err = g_string_new(one->error)};
    g_assert_false(pst_probe_sudo_live_heard(&sudo, &result));
    g_assert_nonnull(find(report, one->finding));
    g_assert_cmpint(find(report, one->finding)->severity, ==, (int)one->severity);
    g_string_free(result.out, TRUE);
    g_string_free(result.err, TRUE);
    g_free(sudo.unsure);
    g_free(sudo.network_module);
}

static void
test_rules_elsewhere(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};

    if (needs_root())
        return;
    furnish(world);
    remove_path(world, DROP_IN);
    put_text(world, "/etc/nsswitch.conf", "passwd: files\nsudoers: files sss\n");
    g_autoptr(PstReport) report = run(world, words);
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpint(((PstSudoData *)report->data)->verdict, ==, PST_SUDO_UNKNOWN);
    g_assert_nonnull(find(report, "sudo.rules-elsewhere"));
    g_assert_nonnull(strstr(skipped(report), "in another source"));
}

/* What an attempt could harm is not tried. */
static void
test_skipped(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const words[] = {"user=harness", NULL};
    const char *const passive[] = {"user=harness", "passive=true", NULL};

    if (needs_root())
        return;
    furnish(world);
    g_autoptr(PstReport) files_only = run(world, passive);
    g_assert_cmpstr(skipped(files_only), ==, "asked to read files only");
    put(world, DROP_IN, "Defaults noninteractive_auth\nharness ALL=(ALL) ALL\n", -1, 0440);
    g_autoptr(PstReport) counted = run(world, words);
    g_assert_nonnull(strstr(skipped(counted), "password"));
    put(world, DROP_IN, "Defaults noninteractive_auth, use_pty\nharness ALL=NOPASSWD: ALL\n", -1,
        0440);
    put_text(world, "/run/sudo/ts/harness", "");
    g_autoptr(PstReport) sound = run(world, words);
    g_assert_cmpint(sound->status, ==, PST_STATUS_OK);
    g_assert_cmpint(((PstSudoData *)sound->data)->timestamps, ==, PST_TRI_YES);
    g_assert_cmpstr(skipped(sound), ==, "this is not a running system");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *name = g_strdup_printf("/sudo/change/%u", i);
        g_test_add(name, World, &changes[i], set_up, test_change, tear_down);
    }
    for (guint i = 0; i < G_N_ELEMENTS(unnamed); i++) {
        g_autofree char *name = g_strdup_printf("/sudo/nobody-named/%u", i);
        g_test_add(name, World, &unnamed[i], set_up, test_nobody_named, tear_down);
    }
    for (guint i = 0; i < G_N_ELEMENTS(heard); i++) {
        g_autofree char *name = g_strdup_printf("/sudo/heard/%u", i);
        g_test_add(name, World, &heard[i], set_up, test_heard, tear_down);
    }
    g_test_add("/sudo/harmless", World, NULL, set_up, test_harmless, tear_down);
    g_test_add("/sudo/folder-shut", World, NULL, set_up, test_folder_shut, tear_down);
    g_test_add("/sudo/several", World, NULL, set_up, test_several, tear_down);
    g_test_add("/sudo/users", World, NULL, set_up, test_users, tear_down);
    g_test_add("/sudo/rules-elsewhere", World, NULL, set_up, test_rules_elsewhere, tear_down);
    g_test_add("/sudo/skipped", World, NULL, set_up, test_skipped, tear_down);
    return g_test_run();
}
