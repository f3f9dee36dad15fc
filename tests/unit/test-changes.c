// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <unistd.h>

#include "guest-shim/changes-judge.h"
#include "guest-shim/changes-log.h"
#include "guest-shim/changes-places.h"
#include "guest-shim/probe-changes.h"
#include "tests/unit/changes-world.h"

#define NOTHING_MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define OTHER_MD5 "0123456789abcdef0123456789abcdef"
#define NOTHING_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/* As packages ship it, and no other file here. */
#define PAM_TEXT "auth required pam_unix.so\n"

/* Debian's records of sudo, its configuration untouched and its program too. */
static void
put_dpkg(const World *world)
{
    g_autofree char *md5 = g_compute_checksum_for_string(G_CHECKSUM_MD5, PAM_TEXT, -1);
    g_autofree char *status =
        g_strdup_printf("Package: sudo\nVersion: 1.9\nConffiles:\n /etc/pam.d/sudo %s\n"
                        " /etc/sudoers " NOTHING_MD5 "\n",
                        md5);

    put_text(world, "/var/lib/dpkg/status", status);
    put_text(world, "/var/lib/dpkg/info/sudo.list",
             "/usr/bin/sudo\n/etc/pam.d/sudo\n/etc/sudoers\n/usr/bin\n/etc\n");
    put_text(world, "/var/lib/dpkg/info/sudo.md5sums", NOTHING_MD5 "  usr/bin/sudo\n");
}

static void
put_sound(const World *world)
{
    put_text(world, "/etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\nharness:x:1000:1000::/home/harness:/bin/sh\n");
    put_text(world, "/etc/group", "root:x:0:\nsudo:x:27:\n");
    put(world, "/etc/shadow", "root:*:1::::::\n", -1, 0640);
    put(world, "/etc/sudoers", "", -1, 0440);
    put_text(world, "/etc/pam.d/sudo", PAM_TEXT);
    put(world, "/usr/bin/sudo", "", -1, 0755);
    put_text(world, "/home/harness/.ssh/authorized_keys", "ssh-ed25519 AAAA\n");
    put_dpkg(world);
}

static const PstFinding *
find_finding(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        if (g_str_equal(finding->id, id))
            return finding;
    }
    return NULL;
}

static void
chmod_in(const World *world, const char *path, mode_t mode)
{
    g_autofree char *whole = place(world, path);

    g_assert_cmpint(chmod(whole, mode), ==, 0);
}

/* ---- */

/* Freshly installed: all of it is new, and nothing is wrong. */
static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run(world, PST_INT_UNKNOWN);
    const PstChangesData *found = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(found->since, ==, "a day ago");
    g_assert_cmpint(found->since_us, <, g_get_real_time() - 86000 * G_GINT64_CONSTANT(1000000));
    g_assert_cmpint(found->complete, ==, PST_TRI_YES);
    g_assert_cmpstr(found->package_databases[0], ==, "dpkg");
    const PstChangesFile *sudoers = find_file(report, "/etc/sudoers");
    g_assert_nonnull(sudoers);
    g_assert_cmpint(sudoers->as_packaged, ==, PST_TRI_YES);
    g_assert_cmpint(sudoers->config, ==, PST_TRI_YES);
    g_assert_cmpstr(sudoers->package, ==, "sudo");
    g_assert_cmpstr(sudoers->version, ==, "1.9");
    g_assert_null(sudoers->former_digest);
    g_assert_cmpstr(sudoers->digest, ==, NOTHING_SHA256);
    g_assert_nonnull(find_file(report, "/home/harness/.ssh/authorized_keys"));
    /* What was unpacked with its package is no news. */
    g_assert_null(find_file(report, "/usr/bin/sudo"));
    g_assert_null(find_file(report, "/etc/shadow")->digest);
}

/* Configuration that came with its package is none either, but only as it came, and where its mode,
 * which dpkg does not record, is not of interest. */
static void
test_untouched_config(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *text;
        mode_t mode;
        gboolean quiet;
    } rows[] = {
        {PAM_TEXT, 0644, TRUE},   {PAM_TEXT, 0755, TRUE},
        {PAM_TEXT, 0666, FALSE},  {PAM_TEXT, 0000, FALSE},
        {PAM_TEXT, 04755, FALSE}, {"auth required pam_deny.so\n", 0644, FALSE},
    };

    put_sound(world);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        put(world, "/etc/pam.d/sudo", rows[i].text, -1, (int)rows[i].mode);
        g_autoptr(PstReport) report = run(world, PST_INT_UNKNOWN);
        const PstChangesData *found = report->data;
        /* A file of anybody else's than root is not as it came. */
        gboolean quiet = rows[i].quiet && geteuid() == 0;

        g_test_message("%s %04o", rows[i].text, rows[i].mode);
        g_assert_true((find_file(report, "/etc/pam.d/sudo") == NULL) == quiet);
        g_assert_cmpint(found->unpacked, ==, 1 + quiet);
    }
}

static void
test_nothing_changed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run(world, after_that());
    const PstChangesData *found = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_null(found->files);
    g_assert_null(found->units);
    g_assert_cmpstr(found->since, ==, "asked");
    g_assert_cmpint(found->entries, >, 5);
}

/* Exactly what was touched, how, and whose it is. */
static void
test_changed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put(world, "/etc/sudoers.d/harness", "harness ALL=(ALL) NOPASSWD: ALL\n", -1, 0440);
    gint64 since_us = long_after_that();
    chmod_in(world, "/etc/sudoers.d/harness", 0666);
    g_usleep(30000);
    put_text(world, "/etc/pam.d/sudo", "auth required pam_deny.so\n");
    g_autoptr(PstReport) report = run(world, since_us);
    const PstChangesData *found = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(found->files->len, ==, 2);
    const PstChangesFile *pam = found->files->pdata[0], *dropin = found->files->pdata[1];
    g_assert_cmpstr(dropin->path, ==, "/etc/sudoers.d/harness");
    g_assert_cmpstr(dropin->kind, ==, "status");
    g_assert_cmpstr(dropin->mode, ==, "0666");
    g_assert_cmpint(dropin->packaged, ==, PST_TRI_NO);
    g_assert_null(dropin->package);
    g_assert_cmpint(dropin->changed_us, >=, since_us);
    g_assert_cmpint(dropin->modified_us, <, since_us);
    g_assert_cmpint(dropin->control_plane, ==, PST_TRI_YES);
    g_assert_cmpstr(pam->path, ==, "/etc/pam.d/sudo");
    g_assert_cmpint(pam->as_packaged, ==, PST_TRI_NO);
    g_assert_true(g_str_has_prefix(pam->former_digest, "md5:"));
    g_assert_cmpstr(pam->former_source, ==, "dpkg");
    const PstFinding *by_hand = find_finding(report, "changes.by-hand");
    g_assert_cmpint(by_hand->severity, ==, PST_SEVERITY_INFORMATION);
    g_assert_true(g_str_has_prefix(by_hand->message, "2 files "));
    g_assert_cmpstr(by_hand->evidence->path, ==, "/etc/pam.d/sudo");
}

static void
test_units(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *path, *target;
        const char *unit, *change;
    } rows[] = {
        {"/etc/systemd/system/a.service", "/dev/null", "a.service", "masked"},
        {"/run/systemd/system/b.service", "/dev/null", "b.service", "masked"},
        {"/etc/systemd/system/multi-user.target.wants/c.service", "/lib/systemd/system/c.service",
         "c.service", "enabled"},
        {"/etc/systemd/system/d.service", "/lib/systemd/system/e.service", "d.service", "linked"},
        {"/etc/systemd/system/f.service", NULL, "f.service", "defined"},
        {"/etc/systemd/system/g.service.d/x.conf", NULL, "g.service", "extended"},
    };

    put_sound(world);
    put_text(world, "/etc/systemd/system/sockets.target.wants/gone.socket", "");
    gint64 since_us = long_after_that();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *whole = place(world, rows[i].path);
        if (rows[i].target != NULL)
            g_assert_cmpint(symlink(rows[i].target, whole), ==, 0);
        else
            put_text(world, rows[i].path, "[Unit]\n");
    }
    remove_path(world, "/etc/systemd/system/sockets.target.wants/gone.socket");
    g_autoptr(PstReport) report = run(world, since_us);
    const PstChangesData *found = report->data;

    g_assert_cmpuint(found->units->len, ==, G_N_ELEMENTS(rows) + 1);
    for (guint i = 0; i < found->units->len; i++) {
        const PstChangesUnit *unit = found->units->pdata[i];
        gboolean known = g_str_equal(unit->unit, "sockets.target.wants") &&
                         g_str_equal(unit->change, "folder-changed");

        for (guint j = 0; j < G_N_ELEMENTS(rows); j++)
            known |= g_str_equal(unit->path, rows[j].path) &&
                     g_str_equal(unit->unit, rows[j].unit) &&
                     g_str_equal(unit->change, rows[j].change);
        g_test_message("%s %s %s", unit->path, unit->unit, unit->change);
        g_assert_true(known);
    }
}

/* A program whose package was unpacked long ago, and that is another since. */
static void
test_program_changed(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_changes_kind);
    PstChangesFile file = {.path = (char *)"/usr/bin/sudo",
                           .kind = (char *)"written",
                           .type = (char *)"file",
                           .mode = (char *)"4755",
                           .owner = (char *)"0:0",
                           .changed_us = 7,
                           .created_us = 7,
                           .control_plane = PST_TRI_YES,
                           .packaged = PST_TRI_YES,
                           .package = (char *)"sudo",
                           .version = (char *)"1.9",
                           .config = PST_TRI_NO,
                           .former_digest = (char *)"md5:" OTHER_MD5};
    g_autoptr(GPtrArray) files = g_ptr_array_new();

    g_ptr_array_add(files, &file);
    pst_changes_judge(files, NULL, report);
    pst_report_conclude(report, "fine");
    const PstFinding *finding = find_finding(report, "changes.package-file-changed");
    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpstr(finding->message, ==,
                    "/usr/bin/sudo is not what its package, sudo 1.9, put there");
    g_assert_null(finding->undo);

    /* What an administrator may change is nobody's fault. */
    g_autoptr(PstReport) config = pst_report_new(&pst_report_changes_kind);
    file.config = PST_TRI_YES;
    pst_changes_judge(files, NULL, config);
    g_assert_null(find_finding(config, "changes.package-file-changed"));
}

/* apk and rpm record modes: bits that were added are a warning, hardening is none. */
static void
test_modes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        mode_t mode;
        const char *record;
        int severity; /* -1: no finding */
    } rows[] = {
        {0440, "440", -1},
        {0666, "440", PST_SEVERITY_WARNING},
        {0400, "440", PST_SEVERITY_INFORMATION},
    };
    g_autofree char *owner = g_strdup_printf("%u:%u", getuid(), getgid());

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *database =
            g_strdup_printf("P:sudo\nV:1\nF:etc\nR:sudoers\na:%s:%s\n", owner, rows[i].record);
        put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        put_text(world, "/lib/apk/db/installed", database);
        put(world, "/etc/sudoers", "", -1, (int)rows[i].mode);
        g_autoptr(PstReport) report = run(world, PST_INT_UNKNOWN);
        const PstFinding *finding = find_finding(report, "changes.package-file-mode");

        g_assert_cmpint(finding != NULL ? finding->severity : -1, ==, rows[i].severity);
        if (finding == NULL)
            continue;
        g_assert_cmpstr(finding->evidence->expected, ==, "0440");
        g_assert_cmpint(finding->undo->kind, ==, PST_UNDO_MODE);
        g_assert_cmpstr(finding->undo->mode, ==, "0440");
        g_assert_cmpstr(find_file(report, "/etc/sudoers")->former_mode, ==, "0440");
    }
}

static void
test_owners(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstAccounts) accounts = pst_accounts_load(world->sysroot, NULL);
    g_autofree char *names = pst_changes_judge_owner(accounts, "root:sudo");
    g_autofree char *numbers = pst_changes_judge_owner(accounts, "0:27");

    g_assert_cmpstr(names, ==, "0:27");
    g_assert_cmpstr(numbers, ==, "0:27");
    g_assert_null(pst_changes_judge_owner(accounts, "root:nix"));
    g_assert_null(pst_changes_judge_owner(accounts, "root"));
    g_assert_null(pst_changes_judge_owner(NULL, "harness:root"));
}

static void
test_log(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_changes_kind);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    PstChangesData *data = report->data;
    char text[] = "2026-11-26 00:00:01 startup archives unpack\n"
                  "2026-11-26 00:00:02 install tini:amd64 <none> 0.19\n"
                  "2026-11-26 00:00:03 status installed tini:amd64 0.19\n"
                  "2026-11-26 00:00:05 upgrade sudo:amd64 1.8 1.9\n"
                  "2026-11-26 00:00:04 remove nano:all 7 <none>\n"
                  "2026-11-25 23:59:59 install old:amd64 <none> 1\n"
                  "2026-11-26 install x\nrubbish\n\n2026-99-99 00:00:00 install a b c\n";

    pst_changes_log_parse(text, utc, G_GINT64_CONSTANT(1795651200) * G_USEC_PER_SEC, data);
    pst_changes_log_sort(data);
    g_assert_cmpuint(data->transactions->len, ==, 3);
    const PstChangesTransaction *latest = data->transactions->pdata[0];
    g_assert_cmpstr(latest->package, ==, "sudo");
    g_assert_cmpstr(latest->action, ==, "upgrade");
    g_assert_cmpstr(latest->former_version, ==, "1.8");
    g_assert_cmpstr(latest->version, ==, "1.9");
    const PstChangesTransaction *removed = data->transactions->pdata[1];
    g_assert_cmpstr(removed->action, ==, "remove");
    g_assert_null(removed->version);
    g_assert_null(((PstChangesTransaction *)data->transactions->pdata[2])->former_version);
}

static void
test_digests(void)
{
    static const struct {
        const char *path;
        mode_t mode;
        gboolean may;
    } rows[] = {
        {"/etc/motd", 0644, TRUE},
        {"/etc/shadow", 0644, FALSE},
        {"/etc/shadow-", 0600, FALSE},
        {"/etc/ssh/ssh_host_rsa_key", 0644, FALSE},
        {"/etc/ssh/ssh_host_rsa_key.pub", 0644, TRUE},
        {"/home/harness/.ssh/id_ed25519", 0644, FALSE},
        {"/home/harness/.ssh/authorized_keys", 0600, TRUE},
        {"/etc/sudoers.d/harness", 0440, TRUE},
        {"/etc/passwd", 0644, TRUE},
        {"/etc/ssl/private/x", 0644, FALSE},
        {"/etc/app/config", 0640, FALSE},
        {"/etc/app/Token", 0644, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].path);
        g_assert_cmpint(pst_changes_places_may_digest(rows[i].path, rows[i].mode), ==, rows[i].may);
    }
}

static void
test_named_paths(World *world, gconstpointer data G_GNUC_UNUSED)
{
    char *paths[] = {(char *)"/srv",        (char *)"relative",    (char *)"/absent",
                     (char *)"/etc/passwd", (char *)"/srv/../srv", NULL};

    put_sound(world);
    put_text(world, "/srv/app/config", "");
    g_autoptr(PstReport) report = run_with(world, 0, paths);
    const PstChangesData *found = report->data;

    g_assert_cmpuint(g_strv_length(found->looked_at), ==, 2);
    g_assert_cmpint(find_file(report, "/srv/app/config")->control_plane, ==, PST_TRI_NO);
    g_assert_nonnull(find_file(report, "/etc/passwd"));
    g_assert_null(find_file(report, "/etc/sudoers"));
}

/* Whoever names a path is told what was done to it in the minutes of its unpacking, also where it
 * is no configuration; and what no record tells. */
static void
test_unpacked_by_name(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *text; /* NULL: a link */
        int mode;
        gboolean listed, known;
    } rows[] = {
        {"", 0755, FALSE, TRUE},
        {"evil", 0755, TRUE, TRUE},
        {"", 04755, FALSE, FALSE}, /* dpkg records no mode */
        {NULL, 0, TRUE, TRUE},
    };
    char *paths[] = {(char *)"/usr/bin", NULL};

    put_sound(world);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *whole = place(world, "/usr/bin/sudo");

        unlink(whole);
        if (rows[i].text != NULL)
            put(world, "/usr/bin/sudo", rows[i].text, -1, rows[i].mode);
        else
            put_symlink(world, "/usr/bin/sudo", "evil");
        g_autoptr(PstReport) report = run_with(world, 0, paths);
        const PstFinding *unheld = find_finding(report, "changes.could-not-look");
        const PstChangesFile *file = find_file(report, "/usr/bin/sudo");

        g_test_message("row %u", i);
        g_assert_cmpint(file != NULL, ==, rows[i].listed);
        if (file != NULL && rows[i].text != NULL)
            g_assert_true(g_str_has_prefix(file->former_digest, "md5:"));
        if (geteuid() == 0) /* a file of anybody else's is of no usual access */
            g_assert_cmpint(unheld == NULL, ==, rows[i].known);
    }
}

/* ---- guests in trouble ---- */

static void
test_nothing_there(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world, PST_INT_UNKNOWN);

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_nonnull(find_finding(report, "changes.records-unread"));
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
}

static void
test_strange_files(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autofree char *fifo = place(world, "/etc/fifo");
    g_autofree char *loop = place(world, "/etc/loop");
    g_autofree char *dangling = place(world, "/etc/dangling");
    g_autofree char *huge = place(world, "/etc/huge");
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    g_assert_cmpint(symlink("loop", loop), ==, 0);
    g_assert_cmpint(symlink("/nowhere", dangling), ==, 0);
    put_text(world, "/etc/huge", "");
    g_assert_cmpint(truncate(huge, G_GINT64_CONSTANT(1) << 30), ==, 0);
    put_text(world, "/etc/\xff\n\x1b", "");
    g_autoptr(PstReport) report = run(world, PST_INT_UNKNOWN);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(find_file(report, "/etc/fifo")->type, ==, "other");
    g_assert_cmpstr(find_file(report, "/etc/loop")->target, ==, "loop");
    g_assert_null(find_file(report, "/etc/huge")->digest);
    g_assert_nonnull(find_file(report, "/etc/\xff\n\x1b"));
}

static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const files[] = {"/var/lib/rpm/rpmdb.sqlite", "/var/lib/dpkg/status",
                                 "/var/log/dpkg.log", "/etc/passwd", "/proc/uptime"};
    char garbage[4096];

    put_sound(world);
    for (guint i = 0; i < sizeof(garbage); i++)
        garbage[i] = (char)(i * 31 + i / 7);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(world, files[i], garbage, sizeof(garbage), 0644);
    g_autoptr(PstReport) report = run(world, PST_INT_UNKNOWN);

    g_assert_nonnull(find_finding(report, "changes.could-not-look"));
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpint(find_file(report, "/etc/shadow")->packaged, ==, PST_TRI_UNKNOWN);
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/changes/sound", test_sound);
    ADD("/changes/untouched-config", test_untouched_config);
    ADD("/changes/nothing-changed", test_nothing_changed);
    ADD("/changes/changed", test_changed);
    ADD("/changes/units", test_units);
    g_test_add_func("/changes/program-changed", test_program_changed);
    ADD("/changes/modes", test_modes);
    ADD("/changes/owners", test_owners);
    g_test_add_func("/changes/log", test_log);
    g_test_add_func("/changes/digests", test_digests);
    ADD("/changes/named-paths", test_named_paths);
    ADD("/changes/unpacked-by-name", test_unpacked_by_name);
    ADD("/changes/nothing-there", test_nothing_there);
    ADD("/changes/strange-files", test_strange_files);
    ADD("/changes/garbage", test_garbage);
    return g_test_run();
}
