// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "guest-shim/ssh-judge-handshake.h"
#include "tests/unit/ssh-user-world.h"

static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    if (skip_unless_root())
        return;
    put_user(world, "AllowUsers harness\n");
    g_autoptr(PstReport) report = run_harness(world);
    const PstSshData *seen = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(seen->user_allowed, ==, PST_TRI_YES);
    g_assert_cmpint(seen->key_accepted, ==, PST_TRI_YES);
    g_assert_cmpuint(g_strv_length(seen->methods), ==, 1);
    g_assert_cmpstr(seen->methods[0], ==, "publickey");
    g_assert_cmpstr(seen->settings_from, ==, "files");
    g_assert_cmpuint(seen->key_files->len, ==, 2);
    const PstSshKeyFile *file = seen->key_files->pdata[0];
    g_assert_cmpstr(file->path, ==, KEYS);
    g_assert_cmpint(file->keys, ==, 1);
    g_assert_cmpint(file->accepted, ==, PST_TRI_YES);
    g_assert_cmpstr(report->summary, ==, "sshd would let harness in by publickey");
}

static const PstSshSetting *
find_setting(const PstSshData *data, const char *name)
{
    for (guint i = 0; data->settings != NULL && i < data->settings->len; i++)
        if (g_str_equal(((PstSshSetting *)data->settings->pdata[i])->name, name))
            return data->settings->pdata[i];
    return NULL;
}

/* With the line that says so; a default has none, a list that is not there is empty, and nothing is
 * said of what depends on who comes from where, or of a default that is not known. */
static void
test_settings(World *world, gconstpointer data G_GNUC_UNUSED)
{
    if (skip_unless_root())
        return;
    put_user(world, "PermitRootLogin no\nAllowUsers harness\nAllowUsers eve\n"
                    "Match Address 10.0.0.0/8\nPasswordAuthentication yes\n");
    g_autoptr(PstReport) report = run_harness(world);
    const PstSshSetting *root = find_setting(report->data, "PermitRootLogin");

    g_assert_cmpstr(root->value, ==, "no");
    g_assert_cmpstr(root->path, ==, "/etc/ssh/sshd_config");
    g_assert_cmpint(root->line, ==, 1);
    g_assert_cmpstr(find_setting(report->data, "AllowUsers")->value, ==, "harness eve");
    g_assert_cmpstr(find_setting(report->data, "DenyUsers")->value, ==, "");
    g_assert_cmpstr(find_setting(report->data, "PubkeyAuthentication")->value, ==, "yes");
    g_assert_null(find_setting(report->data, "PubkeyAuthentication")->path);
    g_assert_null(find_setting(report->data, "PasswordAuthentication"));
    g_assert_null(find_setting(report->data, "Banner"));
}

/* Each list, with the line that decides. */
static void
test_lists(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *config, *from, *id; /* NULL: let in */
        guint line;
        PstTri allowed;
    } rows[] = {
        {"AllowUsers eve harness", NULL, NULL, 0, PST_TRI_YES},
        {"AllowUsers eve\nAllowUsers har*", NULL, NULL, 0, PST_TRI_YES},
        {"\nAllowUsers eve root", NULL, "ssh.user-not-allowed", 2, PST_TRI_NO},
        {"DenyUsers eve\nDenyUsers \"harness\"", NULL, "ssh.user-denied", 2, PST_TRI_NO},
        {"DenyUsers h?rness", NULL, "ssh.user-denied", 1, PST_TRI_NO},
        {"DenyUsers harness\nAllowUsers harness", NULL, "ssh.user-denied", 1, PST_TRI_NO},
        {"AllowGroups wheel staff", NULL, NULL, 0, PST_TRI_YES},
        {"AllowGroups wheel", NULL, "ssh.user-not-allowed", 1, PST_TRI_NO},
        {"DenyGroups st*", NULL, "ssh.user-denied", 1, PST_TRI_NO},
        {"AllowUsers harness@10.0.0.0/8", "10.1.2.3", NULL, 0, PST_TRI_YES},
        {"AllowUsers harness@10.0.0.0/8", "192.0.2.1", "ssh.user-not-allowed", 1, PST_TRI_NO},
        {"AllowUsers harness@10.0.0.0/8", NULL, "ssh.depends-on-address", 1, PST_TRI_UNKNOWN},
        {"DenyUsers *@10.*", "192.0.2.1", NULL, 0, PST_TRI_YES},
        {"Match User harness\nDenyUsers harness", NULL, "ssh.user-denied", 2, PST_TRI_NO},
        {"Match User eve\nDenyUsers harness", NULL, NULL, 0, PST_TRI_YES},
        {"AllowUsers eve\nMatch Group staff,!eve\nAllowUsers harness", NULL, NULL, 0, PST_TRI_YES},
        {"Match Address 10.0.0.0/8\nAllowUsers eve", "10.0.0.1", "ssh.user-not-allowed", 2,
         PST_TRI_NO},
        {"Match Address 10.0.0.0/8\nAllowUsers eve", "192.0.2.1", NULL, 0, PST_TRI_YES},
        {"Match Address 10.0.0.0/8\nAllowUsers eve", NULL, "ssh.depends-on-address", 2,
         PST_TRI_UNKNOWN},
        /* A host's name is looked up where UseDNS wants it, and nobody here does. */
        {"Match Host *.example.com\nAllowUsers eve", "10.0.0.1", NULL, 0, PST_TRI_YES},
        {"Match Host 10.0.*\nAllowUsers eve", "10.0.0.1", "ssh.user-not-allowed", 2, PST_TRI_NO},
        {"Match Host *.example.com\nAllowUsers eve", NULL, "ssh.depends-on-address", 2,
         PST_TRI_UNKNOWN},
        {"UseDNS yes\nMatch Host *.example.com\nAllowUsers eve", "10.0.0.1",
         "ssh.depends-on-address", 3, PST_TRI_UNKNOWN},
        {"UseDNS yes\nMatch Host *\nAllowUsers eve", "10.0.0.1", "ssh.user-not-allowed", 3,
         PST_TRI_NO},
        {"UseDNS yes\nMatch Address 10.0.0.0/8\nAllowUsers eve", "10.0.0.1", "ssh.user-not-allowed",
         3, PST_TRI_NO},
        {"Match Address 10.0.0.0/8\nRefuseConnection yes", NULL, "ssh.depends-on-address", 2,
         PST_TRI_UNKNOWN},
        {"Match all\nAllowUsers eve", NULL, "ssh.user-not-allowed", 2, PST_TRI_NO},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstSshArgs args = HARNESS;

        g_test_message("row %u", i);
        args.from = (char *)rows[i].from;
        put_user(world, "");
        put_text(world, "/etc/ssh/sshd_config", rows[i].config);
        g_autoptr(PstReport) report = run_for(world, &args);
        g_assert_cmpint(((PstSshData *)report->data)->user_allowed, ==, rows[i].allowed);
        g_assert_cmpuint(report->findings->len, ==, rows[i].id != NULL);
        if (rows[i].id == NULL)
            continue;
        g_assert_cmpstr(finding_at(report, 0)->id, ==, rows[i].id);
        g_assert_cmpstr(finding_at(report, 0)->evidence->path, ==, "/etc/ssh/sshd_config");
        g_assert_cmpint(finding_at(report, 0)->evidence->line, ==, rows[i].line);
        g_assert_nonnull(finding_at(report, 0)->evidence->text);
    }
}

/* The line stands in an included file, as hardening puts it. */
static void
test_included(World *world, gconstpointer data G_GNUC_UNUSED)
{
    if (skip_unless_root())
        return;
    put_user(world, "Include /etc/ssh/sshd_config.d/*.conf");
    put_text(world, "/etc/ssh/sshd_config.d/99-cis.conf", "# CIS\nAllowUsers admin\n");
    g_autoptr(PstReport) report = run_harness(world);
    const PstFinding *finding = find(report, "ssh.user-not-allowed");

    g_assert_cmpstr(finding->evidence->path, ==, "/etc/ssh/sshd_config.d/99-cis.conf");
    g_assert_cmpint(finding->evidence->line, ==, 2);
    g_assert_cmpstr(finding->evidence->text, ==, "AllowUsers admin");
}

/* What keeps a key from being taken; each of them leaves no way in, which follows from it. */
static void
test_keys(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *keys, *key, *from, *id;
    } rows[] = {
        {KEY_ED25519, KEY_ED25519, NULL, NULL},
        {KEY_ED25519, FINGERPRINT_ED25519, NULL, NULL},
        {KEY_ECDSA "\n\n" KEY_ED25519, KEY_ED25519 " comment", NULL, NULL},
        {"expiry-time=\"tomorrow\" " KEY_ED25519, KEY_ED25519, NULL, "ssh.key-restricted"},
        {"from=\"10.0.0.0/8,!10.0.0.9\" " KEY_ED25519, KEY_ED25519, "10.0.0.1", NULL},
        {"from=\"10.0.0.0/8,!10.0.0.9\" " KEY_ED25519, KEY_ED25519, "10.0.0.9",
         "ssh.key-restricted"},
        {"from=\"10.0.0.0/8\" " KEY_ED25519, NULL, "192.0.2.1", "ssh.key-restricted"},
        {"expiry-time=\"20200101\" " KEY_ED25519, KEY_ED25519, NULL, "ssh.key-restricted"},
        {"expiry-time=\"29990101Z\" " KEY_ED25519, KEY_ED25519, NULL, NULL},
        {"cert-authority " KEY_ED25519, KEY_ED25519, NULL, "ssh.key-restricted"},
        {"nonsense " KEY_ED25519, KEY_ED25519, NULL, "ssh.key-restricted"},
        {KEY_ECDSA, KEY_ED25519, NULL, "ssh.key-not-authorized"},
        {"", KEY_ED25519, NULL, "ssh.no-authorized-key"},
        {"ssh-ed25519 AAAA damaged\n\"unclosed\n", NULL, NULL, "ssh.no-authorized-key"},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstSshArgs args = HARNESS;

        g_test_message("row %u", i);
        args.from = (char *)rows[i].from;
        args.key = (char *)rows[i].key;
        put_user(world, "");
        put_keys(world, rows[i].keys);
        g_autoptr(PstReport) report = run_for(world, &args);
        g_assert_cmpint(((PstSshData *)report->data)->key_accepted, ==,
                        PST_TRI(rows[i].id == NULL));
        g_assert_cmpuint(report->findings->len, ==, rows[i].id != NULL ? 2 : 0);
        if (rows[i].id == NULL)
            continue;
        g_assert_cmpstr(finding_at(report, 0)->id, ==, rows[i].id);
        g_assert_cmpstr(finding_at(report, 0)->evidence->path, ==, KEYS);
        g_assert_cmpstr(find(report, "ssh.no-method-left")->caused_by, ==, rows[i].id);
    }
}

/* A program may know the key that no file has. */
static void
test_elsewhere(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstSshArgs args = HARNESS;

    if (skip_unless_root())
        return;
    put_user(world, "AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys\n");
    args.key = (char *)KEY_ED25519;
    g_autoptr(PstReport) in_file = run_for(world, &args);
    g_assert_cmpuint(in_file->findings->len, ==, 0);

    args.key = (char *)KEY_ECDSA;
    g_autoptr(PstReport) report = run_for(world, &args);
    g_assert_cmpint(((PstSshData *)report->data)->key_accepted, ==, PST_TRI_UNKNOWN);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.keys-elsewhere");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);

    args.key = (char *)"no key at all";
    g_autoptr(PstReport) nonsense = run_for(world, &args);
    g_assert_cmpstr(finding_at(nonsense, 0)->id, ==, "ssh.could-not-look");
}

/* The modes of file and folders, as Debian and as others judge them. */
static void
test_strict_modes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *path;
        uid_t uid;
        gid_t gid;
        mode_t mode;
        gboolean debian;
        const char *id, *undo; /* NULL: nothing is wrong */
    } rows[] = {
        {KEYS, OWN, OWN, 0644, TRUE, NULL, NULL},
        {KEYS, 0, 0, 0644, TRUE, NULL, NULL},
        {KEYS, OWN, OWN, 0664, TRUE, NULL, NULL},
        {KEYS, OWN, OWN, 0664, FALSE, "ssh.strict-modes", "0644"},
        {KEYS, OWN, OWN, 0666, TRUE, "ssh.strict-modes", "0644"},
        {KEYS, 1001, OWN, 0644, TRUE, "ssh.strict-modes", NULL},
        {KEYS, 0, 0, 0600, TRUE, "ssh.keys-unreadable", NULL},
        {"/home/harness/.ssh", OWN, OWN, 0770, TRUE, NULL, NULL},
        {"/home/harness/.ssh", OWN, 50, 0770, TRUE, NULL, NULL}, /* its only member */
        {"/home/harness/.ssh", OWN, 1001, 0770, TRUE, "ssh.strict-modes", "0750"},
        {"/home/harness", OWN, OWN, 02775, TRUE, NULL, NULL},
        {"/home/harness", OWN, OWN, 0775, FALSE, "ssh.strict-modes", "0755"},
        {"/home/harness", OWN, 1001, 0775, TRUE, "ssh.strict-modes", "0755"},
        {"/home/harness", OWN, 4711, 0775, TRUE, "ssh.strict-modes", "0755"}, /* nobody's group */
        {"/home/harness", 1001, 1001, 0755, TRUE, "ssh.strict-modes", NULL},
        {"/home", 0, 0, 0777, TRUE, NULL, NULL}, /* above the home */
        {"/home", 0, 0, 0700, TRUE, "ssh.keys-unreadable", NULL},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        put_user(world, "");
        put_owned(world, rows[i].path, rows[i].uid, rows[i].gid, rows[i].mode);
        if (!rows[i].debian)
            remove_path(world, "/etc/debian_version");
        g_autoptr(PstReport) report = run_harness(world);
        g_assert_cmpuint(report->findings->len, ==, rows[i].id != NULL ? 2 : 0);
        if (rows[i].id == NULL)
            continue;
        const PstFinding *finding = finding_at(report, 0);
        g_assert_cmpstr(finding->id, ==, rows[i].id);
        g_assert_cmpstr(finding->evidence->path, ==, rows[i].path);
        g_assert_nonnull(finding->remedy);
        g_assert_cmpstr(find(report, "ssh.no-method-left")->caused_by, ==, rows[i].id);
        if (rows[i].undo != NULL)
            g_assert_cmpstr(finding->undo->mode, ==, rows[i].undo);
        else
            g_assert_null(finding->undo);
    }
    put_user(world, "StrictModes no\n");
    put_owned(world, KEYS, OWN, OWN, 0666);
    g_autoptr(PstReport) lax = run_harness(world);
    g_assert_cmpuint(lax->findings->len, ==, 0);
}

/* A user who is let in by an access control list, and whom the mode alone would shut out. */
static void
test_access_list(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const struct {
        guint32 version;
        struct {
            guint16 tag, permissions;
            guint32 id;
        } entries[5];
    } list = {2, {{0x01, 7, ~0U}, {0x02, 5, OWN}, {0x04, 0, ~0U}, {0x10, 5, ~0U}, {0x20, 0, ~0U}}};

    if (skip_unless_root())
        return;
    put_user(world, "");
    put_owned(world, "/home", 0, 0, 0700);
    g_autofree char *home = place(world, "/home");
    if (setxattr(home, "system.posix_acl_access", &list, sizeof(list), 0) < 0) {
        g_test_skip("the file system has no access control lists");
        return;
    }
    g_autoptr(PstReport) report = run_harness(world);
    g_assert_cmpuint(report->findings->len, ==, 0);
}

static void
test_methods(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *config, *user, *methods;
    } rows[] = {
        {"", "harness", "publickey"},
        {"", "eve", "password keyboard-interactive"},
        {"KbdInteractiveAuthentication no", "eve", "password"},
        {"ChallengeResponseAuthentication no", "eve", "password"},
        {"PasswordAuthentication no", "eve", "keyboard-interactive"},
        {"UsePAM no\nPasswordAuthentication no", "eve", ""},
        {"PasswordAuthentication no\nKbdInteractiveAuthentication no", "eve", ""},
        {"PubkeyAuthentication no", "harness", ""},
        {"AuthenticationMethods publickey,password", "harness", ""},
        {"AuthenticationMethods publickey,password publickey", "harness", "publickey"},
        {"AuthenticationMethods password keyboard-interactive:pam", "eve",
         "password keyboard-interactive:pam"},
        {"GSSAPIAuthentication yes", "harness", "publickey"},
        {"", "root", ""},
        {"PermitRootLogin yes", "root", ""}, /* no password either */
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstSshArgs args = HARNESS;

        g_test_message("row %u", i);
        args.user = (char *)rows[i].user;
        put_user(world, rows[i].config);
        g_autoptr(PstReport) report = run_for(world, &args);
        g_autofree char *methods = g_strjoinv(" ", ((PstSshData *)report->data)->methods);
        g_assert_cmpstr(methods, ==, rows[i].methods);
        if (methods[0] == '\0')
            g_assert_nonnull(find(report, "ssh.no-method-left")->evidence->text);
        else
            g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    }
}

/* A key that is taken, and is only the first of what is asked for. */
static void
test_several_methods(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstSshArgs args = HARNESS;

    if (skip_unless_root())
        return;
    put_user(world, "\nAuthenticationMethods publickey,password");
    put_text(world, "/etc/shadow", "root:*:1::::::\nharness:$y$x:1::::::\n");
    g_autoptr(PstReport) report = run_harness(world);
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.several-methods");
    g_assert_cmpint(finding_at(report, 0)->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpint(finding_at(report, 0)->evidence->line, ==, 2);
    args.key = (char *)KEY_ED25519;
    g_autoptr(PstReport) named = run_for(world, &args);
    g_assert_cmpint(find(named, "ssh.several-methods")->severity, ==, PST_SEVERITY_CRITICAL);

    put_text(world, "/etc/ssh/sshd_config",
             "UsePAM yes\nAuthenticationMethods publickey,password publickey\n");
    g_autoptr(PstReport) enough = run_harness(world);
    g_assert_cmpuint(enough->findings->len, ==, 0);
}

static void
test_strangers(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstSshArgs args = {.user = (char *)"mallory", .port = PST_INT_UNKNOWN};

    put_user(world, "");
    g_autoptr(PstReport) report = run_for(world, &args);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.unknown-user");
    g_assert_cmpint(((PstSshData *)report->data)->user_allowed, ==, PST_TRI_NO);

    put_text(world, "/etc/nsswitch.conf", "passwd: files sss\n");
    g_autoptr(PstReport) elsewhere = run_for(world, &args);
    g_assert_cmpint(elsewhere->status, ==, PST_STATUS_UNKNOWN);

    remove_path(world, "/etc/passwd");
    g_autoptr(PstReport) blind = run_for(world, &args);
    g_assert_cmpint(blind->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpint(((PstSshData *)blind->data)->user_allowed, ==, PST_TRI_UNKNOWN);

    put_user(world, "PermitRootLogin no");
    args.user = (char *)"root";
    g_autoptr(PstReport) root = run_for(world, &args);
    g_assert_cmpint(find(root, "ssh.root-refused")->evidence->line, ==, 1);
}

/* What is wrong whoever comes. */
static void
test_limits(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *config, *id;
        gint64 port;
        PstSeverity severity;
    } rows[] = {
        {"MaxAuthTries 0", "ssh.max-auth-tries-zero", PST_INT_UNKNOWN, PST_SEVERITY_CRITICAL},
        {"MaxAuthTries 4", NULL, 22, 0},
        {"MaxSessions 0", "ssh.max-sessions-zero", PST_INT_UNKNOWN, PST_SEVERITY_CRITICAL},
        {"PerSourceMaxStartups 0", "ssh.per-source-zero", PST_INT_UNKNOWN, PST_SEVERITY_CRITICAL},
        {"PerSourceMaxStartups none", NULL, PST_INT_UNKNOWN, 0},
        {"RefuseConnection yes", "ssh.connection-refused", PST_INT_UNKNOWN, PST_SEVERITY_CRITICAL},
        {"RefuseConnection no", NULL, PST_INT_UNKNOWN, 0},
        {"LoginGraceTime 2", "ssh.login-grace-short", PST_INT_UNKNOWN, PST_SEVERITY_WARNING},
        {"LoginGraceTime 1m", NULL, PST_INT_UNKNOWN, 0},
        {"LoginGraceTime 0", NULL, PST_INT_UNKNOWN, 0},
        {"", "ssh.port-moved", 2222, PST_SEVERITY_CRITICAL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PstSshArgs args = {.port = rows[i].port};

        g_test_message("row %u", i);
        put_user(world, rows[i].config);
        g_autoptr(PstReport) report = run_for(world, &args);
        g_assert_cmpuint(report->findings->len, ==, rows[i].id != NULL);
        if (rows[i].id == NULL)
            continue;
        g_assert_cmpstr(finding_at(report, 0)->id, ==, rows[i].id);
        g_assert_cmpint(finding_at(report, 0)->severity, ==, rows[i].severity);
    }

    remove_path(world, "/proc/234/cmdline");
    put_text(world, "/proc/234/cmdline",
             "sshd: /usr/sbin/sshd -D [listener] 100 of 10-100 startups");
    const PstSshArgs nobody = {.port = PST_INT_UNKNOWN};
    g_autoptr(PstReport) full = run_for(world, &nobody);
    if (getuid() == 0)
        g_assert_cmpstr(finding_at(full, 0)->id, ==, "ssh.startups-full");
}

/* The one that runs goes on; it can't be started again. */
static void
test_loader(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstSshArgs nobody = {.port = PST_INT_UNKNOWN};

    if (skip_unless_root())
        return;
    put_user(world, "Port 22\n");
    put(world, "/usr/sbin/sshd", "#!/lib/no-loader\n", -1, 0755);
    g_autoptr(PstReport) report = run_for(world, &nobody);

    g_assert_cmpstr(find(report, "ssh.loader-missing")->evidence->path, ==, "/lib/no-loader");
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
}

/* A file that is newer than the last start. */
static void
test_restart_pending(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstSshArgs nobody = {.port = PST_INT_UNKNOWN};
    g_autofree char *pid_file = NULL;

    put_user(world, "Port 22\n");
    put_text(world, "/run/sshd.pid", "234\n");
    pid_file = place(world, "/run/sshd.pid");
    g_autoptr(PstReport) sound = run_for(world, &nobody);
    g_assert_cmpuint(sound->findings->len, ==, 0);
    g_assert_cmpint(((PstSshData *)sound->data)->restart_pending, ==, PST_TRI_NO);

    const struct timespec before[2] = {{1700000000, 0}, {1700000000, 0}};
    g_assert_cmpint(utimensat(AT_FDCWD, pid_file, before, 0), ==, 0);
    g_autoptr(PstReport) pending = run_for(world, &nobody);
    g_assert_cmpstr(finding_at(pending, 0)->id, ==, "ssh.restart-pending");
    g_assert_cmpint(pending->status, ==, PST_STATUS_OK);
    g_assert_cmpint(((PstSshData *)pending->data)->restart_pending, ==, PST_TRI_YES);

    /* Also where the files are sound, a restart is for whoever meant them. */
    const PstProbeContext context = {.sysroot = world->sysroot};
    const PstSshdConnection connection = {.user = NULL};
    g_autoptr(PstSshdConfig) config = pst_sshd_config_load(world->sysroot, NULL);
    g_autoptr(PstSshdEffective) effective = pst_sshd_effective_read(&connection, config);
    g_autoptr(PstReport) sure = pst_report_new(&pst_report_ssh_kind);
    PstSshData *told = sure->data;
    const PstSshSubject subject = {.context = &context,
                                   .effective = effective,
                                   .report = sure,
                                   .data = told,
                                   .unit = "ssh.service"};
    told->running = told->config_ok = PST_TRI_YES;
    pst_ssh_judge_handshake_age(&subject, config);
    g_assert_cmpstr(finding_at(sure, 0)->id, ==, "ssh.restart-pending");
    g_assert_null(finding_at(sure, 0)->undo);
}

/* Of a part that says nothing any more, or is gone, no directive tells. */
static void
test_part_gone(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstSshArgs nobody = {.port = PST_INT_UNKNOWN};
    g_autofree char *pid_file = NULL;

    put_user(world, "Port 22\n");
    put_text(world, "/etc/ssh/sshd_config.d/50.conf", "# none\n");
    put_text(world, "/run/sshd.pid", "234\n");
    pid_file = place(world, "/run/sshd.pid");
    const struct timespec start[2] = {{time(NULL) + 1, 0}, {time(NULL) + 1, 0}};
    g_assert_cmpint(utimensat(AT_FDCWD, pid_file, start, 0), ==, 0);
    g_autoptr(PstReport) sound = run_for(world, &nobody);
    g_assert_cmpint(((PstSshData *)sound->data)->restart_pending, ==, PST_TRI_NO);
    while (time(NULL) < start[0].tv_sec + 1)
        g_usleep(100 * 1000);
    remove_path(world, "/etc/ssh/sshd_config.d/50.conf");
    g_autoptr(PstReport) gone = run_for(world, &nobody);
    g_assert_cmpint(((PstSshData *)gone->data)->restart_pending, ==, PST_TRI_YES);
    g_assert_cmpstr(finding_at(gone, 0)->evidence->path, ==, "/etc/ssh/sshd_config.d");
}

/* Rubbish in place of every file: bounded, and never read as well. */
static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const paths[] = {"/etc/ssh/sshd_config",
                                        "/etc/passwd",
                                        "/etc/group",
                                        "/etc/shadow",
                                        KEYS,
                                        "/proc/234/cmdline",
                                        "/etc/ssh/ssh_host_rsa_key"};
    g_autofree char *garbage = g_malloc(100000);
    g_autofree char *fifo = NULL;

    for (guint i = 0; i < 100000; i++)
        garbage[i] = (char)(i * 2654435761u >> 13);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        put_user(world, "");
        put(world, paths[i], garbage, 100000, 0600);
        g_autoptr(PstReport) report = run_harness(world);
        g_assert_nonnull(report->summary);
    }
    put_user(world, "");
    fifo = place(world, KEYS);
    g_assert_cmpint(unlink(fifo), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_autoptr(PstReport) report = run_harness(world);
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
}

/* Only the keys: no other question is answered, and nothing is accused. */
static void
test_host_keys_only(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstSshArgs args = {.port = PST_INT_UNKNOWN, .host_keys_only = PST_TRI_YES};

    put_user(world, "MaxAuthTries 0\n");
    g_autoptr(PstReport) report = run_for(world, &args);
    const PstSshData *seen = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpuint(seen->host_keys->len, ==, 3);
    g_assert_nonnull(seen->listen);
    g_assert_cmpstr(report->summary, ==, "3 host keys");
}

#define ADD(name, function) g_test_add("/ssh-user/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sound", test_sound);
    ADD("settings", test_settings);
    ADD("lists", test_lists);
    ADD("included", test_included);
    ADD("keys", test_keys);
    ADD("elsewhere", test_elsewhere);
    ADD("strict-modes", test_strict_modes);
    ADD("access-list", test_access_list);
    ADD("methods", test_methods);
    ADD("strangers", test_strangers);
    ADD("limits", test_limits);
    ADD("several-methods", test_several_methods);
    ADD("restart-pending", test_restart_pending);
    ADD("part-gone", test_part_gone);
    ADD("loader", test_loader);
    ADD("garbage", test_garbage);
    ADD("host-keys-only", test_host_keys_only);
    return g_test_run();
}
