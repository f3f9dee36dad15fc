// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "tests/unit/ssh-user-world.h"

/* What shuts a user out whom sshd's lists let in: before sshd says a word, or after the login. */

#define UNIT "/etc/systemd/system/ssh.service.d/10-net.conf"
#define RC "/etc/ssh/sshrc"
#define OWN_RC "/home/harness/.ssh/rc"
#define CRITICAL PST_SEVERITY_CRITICAL
#define WARNING PST_SEVERITY_WARNING
#define INFORMATION PST_SEVERITY_INFORMATION

typedef struct {
    const char *config; /* of sshd */
    const char *path;   /* a further file; NULL for none */
    const char *text;   /* what it has */
    const char *from;   /* NULL: nobody said */
    const char *id;     /* NULL: nothing is found */
    PstSeverity severity;
    const char *at; /* the evidence's path */
} Row;

static const Row rows[] = {
    {"ForceCommand /bin/false", NULL, NULL, NULL, "ssh.forced-command", CRITICAL,
     "/etc/ssh/sshd_config"},
    {"ForceCommand /usr/bin/tlog-rec-session -x", NULL, NULL, NULL, "ssh.forced-command", WARNING,
     "/etc/ssh/sshd_config"},
    {"ForceCommand internal-sftp -l INFO", NULL, NULL, NULL, "ssh.forced-command", CRITICAL,
     "/etc/ssh/sshd_config"},
    {"Match Address 192.0.2.0/24\n  ForceCommand internal-sftp\nMatch all", NULL, NULL, NULL,
     "ssh.depends-on-address", INFORMATION, "/etc/ssh/sshd_config"},
    {"Match Address 192.0.2.0/24\n  ForceCommand internal-sftp\nMatch all", NULL, NULL, "192.0.2.9",
     "ssh.forced-command", CRITICAL, "/etc/ssh/sshd_config"},
    {"Match Address 192.0.2.0/24\n  ForceCommand internal-sftp\nMatch all", NULL, NULL,
     "198.51.100.9", NULL, 0, NULL},
    {"Match Address 192.0.2.0/24\n  PubkeyAuthentication no\nMatch all", NULL, NULL, NULL,
     "ssh.depends-on-address", INFORMATION, "/etc/ssh/sshd_config"},
    {"Match Address 192.0.2.0/24\n  Banner /etc/issue\nMatch all", NULL, NULL, NULL, NULL, 0, NULL},
    {"ForceCommand none", NULL, NULL, NULL, NULL, 0, NULL},
    {"Match User eve\n  ForceCommand /bin/false\nMatch all", NULL, NULL, NULL, NULL, 0, NULL},
    {"Match User harness\n  ForceCommand /bin/false\nMatch all", NULL, NULL, NULL,
     "ssh.forced-command", CRITICAL, "/etc/ssh/sshd_config"},
    {"ChrootDirectory none", NULL, NULL, NULL, NULL, 0, NULL},
    {"ChrootDirectory /", NULL, NULL, NULL, NULL, 0, NULL},
    {"ChrootDirectory /srv/%u", NULL, NULL, NULL, "ssh.chroot-refused", CRITICAL,
     "/etc/ssh/sshd_config"},
    {"ChrootDirectory %h", NULL, NULL, NULL, "ssh.chroot-refused", CRITICAL,
     "/etc/ssh/sshd_config"},
    {"ChrootDirectory /srv/%u", "/srv/harness/etc/motd", "", NULL, "ssh.chroot", WARNING,
     "/etc/ssh/sshd_config"},
    {"ChrootDirectory /srv/file", "/srv/file", "", NULL, "ssh.chroot-refused", CRITICAL,
     "/etc/ssh/sshd_config"},
    {"ChrootDirectory relative/%u%", NULL, NULL, NULL, "ssh.chroot-refused", CRITICAL,
     "/etc/ssh/sshd_config"},
    {"", RC, "sleep infinity\n", NULL, "ssh.rc-waits", CRITICAL, RC},
    {"", RC, "# of all\nuptime > /var/log/seen &\nexit 1\n", NULL, NULL, 0, NULL},
    {"", RC, "nobody-knows && sleep 1h\n", NULL, "ssh.rc-waits", INFORMATION, RC},
    {"ForceCommand /usr/bin/x", OWN_RC, "sleep 1h\n", NULL, "ssh.forced-command", WARNING,
     "/etc/ssh/sshd_config"},
    {"", OWN_RC, "exec sleep 1h\n", NULL, "ssh.rc-waits", CRITICAL, OWN_RC},
    {"", OWN_RC,
     "if read proto cookie && [ -n \"$DISPLAY\" ]; then\n"
     "  echo add $DISPLAY $proto $cookie | xauth -q -\nfi\n",
     NULL, NULL, 0, NULL},
    {"PermitUserRC no", OWN_RC, "sleep 1h\n", NULL, NULL, 0, NULL},
    {"", UNIT, "[Service]\nIPAddressDeny=any\n", NULL, "ssh.address-denied", CRITICAL, UNIT},
    {"", UNIT, "[Service]\nIPAddressDeny = any\n", "192.0.2.9", "ssh.address-denied", CRITICAL,
     UNIT},
    {"", UNIT, "[Service]\nIPAddressDeny=any\nIPAddressAllow=192.0.2.0/24 localhost\n", "192.0.2.9",
     NULL, 0, NULL},
    {"", UNIT, "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n", NULL,
     "ssh.address-denied", CRITICAL, UNIT},
    {"", UNIT, "[Service]\nIPAddressDeny=any\nIPAddressAllow=10.0.0.0/8\n", NULL,
     "ssh.depends-on-address", INFORMATION, UNIT},
    {"", UNIT, "[Service]\nIPAddressDeny=any\nIPAddressAllow=10.0.0.0/8\n", "192.0.2.9",
     "ssh.address-denied", CRITICAL, UNIT},
    {"", UNIT, "[Service]\nIPAddressDeny=any\nIPAddressDeny=\n", NULL, NULL, 0, NULL},
    {"", UNIT, "[Service]\n#IPAddressDeny=any\n", NULL, NULL, 0, NULL},
    {"", UNIT, "[Service]\nIPAddressDeny=10.0.0.0/8\n", "192.0.2.9", NULL, 0, NULL},
    {"", UNIT, "[Service]\nIPAddressDeny=multicast\n", "192.0.2.9", NULL, 0, NULL},
    {"", UNIT, "[Service]\nIPAddressDeny=link-local\n", "fe80::1", "ssh.address-denied", CRITICAL,
     UNIT},
    {"", UNIT, "[Service]\nIPAddressDeny=nonsense/77\n", "192.0.2.9", NULL, 0, NULL},
    {"", "/etc/systemd/system/system.slice", "[Slice]\nIPAddressDeny=any\n", "192.0.2.9",
     "ssh.address-denied", CRITICAL, "/etc/systemd/system/system.slice"},
    {"", "/etc/systemd/system.control/ssh.service.d/50.conf", "[Service]\nIPAddressDeny=any\n",
     NULL, "ssh.address-denied", CRITICAL, "/etc/systemd/system.control/ssh.service.d/50.conf"},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=lo\n", NULL, "ssh.address-denied", CRITICAL,
     UNIT},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=lo\n", "192.0.2.9", "ssh.address-denied",
     CRITICAL, UNIT},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=lo\n", "127.0.0.1", NULL, 0, NULL},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=~lo\n", "::1", "ssh.address-denied", CRITICAL,
     UNIT},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=~lo\n", "192.0.2.9", NULL, 0, NULL},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=lo eth9\n", "192.0.2.9",
     "ssh.depends-on-address", PST_SEVERITY_UNKNOWN, UNIT},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=lo eth9\nRestrictNetworkInterfaces=~eth9\n",
     "192.0.2.9", "ssh.address-denied", CRITICAL, UNIT},
    {"", UNIT, "[Service]\nRestrictNetworkInterfaces=lo\nRestrictNetworkInterfaces=\n", NULL, NULL,
     0, NULL},
    {"", UNIT, "[Service]\nIPIngressFilterPath=/sys/fs/bpf/x\n", "192.0.2.9",
     "ssh.depends-on-address", PST_SEVERITY_UNKNOWN, UNIT},
    {"", "/etc/systemd/system/cron.service.d/x.conf", "[Service]\nIPAddressDeny=any\n", NULL, NULL,
     0, NULL},
};

static const PstFinding *
find_any(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (!g_str_equal(finding_at(report, i)->id, "ssh.could-not-look"))
            return finding_at(report, i);
    return NULL;
}

static void
put_folders(const World *world)
{
    put_text(world, "/usr/lib/systemd/system/ssh.service", "[Unit]\n");
    put_text(world, "/srv/kept", "");
    put_owned(world, "/srv", 0, 0, 0755);
}

static void
test_table(void)
{
    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstSshArgs args = HARNESS;
        World world = {0};

        g_test_message("row %u", i);
        set_up(&world, NULL);
        put_user(&world, rows[i].config);
        put_folders(&world);
        if (rows[i].path != NULL)
            put_text(&world, rows[i].path, rows[i].text);
        args.from = (char *)rows[i].from;
        g_autoptr(PstReport) report = run_for(&world, &args);
        const PstFinding *finding = find_any(report);
        g_assert_cmpstr(finding != NULL ? finding->id : NULL, ==, rows[i].id);
        if (finding != NULL) {
            g_assert_cmpint(finding->severity, ==, rows[i].severity);
            g_assert_cmpstr(finding->evidence->path, ==, rows[i].at);
            g_assert_nonnull(finding->remedy);
        }
        tear_down(&world, NULL);
    }
}

/* The user's own takes the place of the system's, be it empty; a pipe is one that nobody writes to;
 * and a key may say that none is run. */
static void
test_rc(void)
{
    static const struct {
        const char *keys, *own; /* NULL: a pipe */
        const char *id;
        PstSeverity severity;
    } cases[] = {
        {KEY_ED25519 "\n", "", NULL, 0},
        {KEY_ED25519 "\n", NULL, "ssh.rc-waits", CRITICAL},
        {"no-user-rc " KEY_ED25519 "\n", NULL, "ssh.rc-waits", INFORMATION},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world = {0};

        g_test_message("case %u", i);
        set_up(&world, NULL);
        put_user(&world, "");
        put_keys(&world, cases[i].keys);
        put_text(&world, RC, "sleep 1h\n");
        g_autofree char *own = place(&world, OWN_RC);
        if (cases[i].own != NULL)
            put_text(&world, OWN_RC, cases[i].own);
        else
            g_assert_cmpint(mkfifo(own, 0644), ==, 0);
        g_autoptr(PstReport) report = run_harness(&world);
        const PstFinding *finding = find_any(report);
        g_assert_cmpstr(finding != NULL ? finding->id : NULL, ==, cases[i].id);
        if (finding != NULL) {
            g_assert_cmpint(finding->severity, ==, cases[i].severity);
            g_assert_cmpstr(finding->evidence->path, ==, OWN_RC);
        }
        tear_down(&world, NULL);
    }
}

/* A key that is bound to a command of its own is worth that command; beside a free one it does not
 * matter. */
static void
test_bound_keys(void)
{
    static const struct {
        const char *keys, *id;
    } cases[] = {
        {"command=\"a \\\"b c\",no-pty " KEY_ED25519 "\n", "ssh.forced-command"},
        {KEY_ED25519 "\n", NULL},
        {"command=\"/bin/false\" " KEY_ECDSA "\n" KEY_ED25519 "\n", NULL},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world = {0};

        g_test_message("case %u", i);
        set_up(&world, NULL);
        put_user(&world, "");
        put_keys(&world, cases[i].keys);
        g_autoptr(PstReport) report = run_harness(&world);
        const PstFinding *finding = find_any(report);
        g_assert_cmpint(((PstSshData *)report->data)->key_accepted, ==, PST_TRI_YES);
        g_assert_cmpstr(finding != NULL ? finding->id : NULL, ==, cases[i].id);
        if (finding != NULL)
            g_assert_cmpint(finding->evidence->line, ==, 1);
        tear_down(&world, NULL);
    }
}

/* An RSA key of 1024 bits. */
static void
test_short_keys(void)
{
    static const struct {
        const char *config;
        PstTri accepted;
    } cases[] = {{"RequiredRSASize 2048", PST_TRI_NO},
                 {"RequiredRSASize 1024", PST_TRI_YES},
                 {"", PST_TRI_YES}};

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world = {0};

        g_test_message("case %u", i);
        set_up(&world, NULL);
        put_user(&world, cases[i].config);
        put_keys(&world, KEY_RSA "\n");
        g_autoptr(PstReport) report = run_harness(&world);
        g_assert_cmpint(((PstSshData *)report->data)->key_accepted, ==, cases[i].accepted);
        if (cases[i].accepted == PST_TRI_NO)
            g_assert_nonnull(strstr(find(report, "ssh.key-type-refused")->message, "1024 bits"));
        tear_down(&world, NULL);
    }
}

/* Only an sshd that is linked with them obeys the TCP wrappers. */
static void
test_wrappers(void)
{
    static const struct {
        const char *program, *deny, *id;
    } cases[] = {
        {"ELF libwrap.so.0 libc", "sshd: ALL\n", "ssh.address-denied"},
        {"ELF libc.so.6", "sshd: ALL\n", NULL},
        {"ELF libwrap.so.0 libc", "cupsd: ALL\n", NULL},
        {"ELF libwrap.so.0 libc", "sshd: .example.com\n", "ssh.depends-on-address"},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        PstSshArgs args = HARNESS;
        World world = {0};

        g_test_message("case %u", i);
        set_up(&world, NULL);
        put_user(&world, "");
        put(&world, "/usr/sbin/sshd", cases[i].program, -1, 0755);
        put_text(&world, "/etc/hosts.deny", cases[i].deny);
        args.from = (char *)"192.0.2.9";
        g_autoptr(PstReport) report = run_for(&world, &args);
        const PstFinding *finding = find_any(report);
        g_assert_cmpstr(finding != NULL ? finding->id : NULL, ==, cases[i].id);
        if (finding != NULL)
            g_assert_cmpstr(finding->evidence->path, ==, "/etc/hosts.deny");
        tear_down(&world, NULL);
    }
}

/* The slice that the unit names, and what is above it. */
static void
test_slices(void)
{
    static const char *const slices[] = {"shut-in.slice", "shut.slice", "-.slice"};

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(slices); i++) {
        const PstSshArgs args = HARNESS;
        World world = {0};
        g_autofree char *path = g_strconcat("/etc/systemd/system/", slices[i], NULL);

        set_up(&world, NULL);
        put_user(&world, "");
        put_folders(&world);
        put_text(&world, UNIT, "[Service]\nSlice=shut-in.slice\n");
        put_text(&world, path, "[Slice]\nIPAddressDeny=any\n");
        g_autoptr(PstReport) report = run_for(&world, &args);
        g_assert_cmpstr(find(report, "ssh.address-denied")->evidence->path, ==, path);
        tear_down(&world, NULL);
    }
}

/* Nobody may write to / itself either. */
static void
test_root_folder(void)
{
    static const char *const configs[] = {"ChrootDirectory /srv/harness", "ChrootDirectory /"};

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(configs); i++) {
        World world = {0};

        set_up(&world, NULL);
        put_user(&world, configs[i]);
        put_folders(&world);
        put_text(&world, "/srv/harness/etc/motd", "");
        g_assert_cmpint(chmod(world.folder, 0777), ==, 0);
        g_autoptr(PstReport) report = run_harness(&world);
        g_assert_cmpint(find(report, "ssh.chroot-refused")->severity, ==, CRITICAL);
        tear_down(&world, NULL);
    }
}

/* What can't be read says neither yes nor no. */
static void
test_unlooked(void)
{
    static const struct {
        const char *path;
        gsize len;
        const char *what;
    } cases[] = {
        {UNIT, 70000, "the unit's files"},
        {"/usr/sbin/sshd", 9000000, "sshd's libraries"},
    };

    if (skip_unless_root())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PstSshArgs args = HARNESS;
        World world = {0};
        g_autofree char *text = g_strnfill(cases[i].len, '\n');
        gboolean told = FALSE;

        set_up(&world, NULL);
        put_user(&world, "");
        put_folders(&world);
        put(&world, cases[i].path, text, -1, 0755);
        put_text(&world, "/etc/hosts.deny", "sshd: ALL\n");
        g_autoptr(PstReport) report = run_for(&world, &args);
        for (guint j = 0; j < report->findings->len; j++)
            told = told || (g_str_equal(finding_at(report, j)->id, "ssh.could-not-look") &&
                            strstr(finding_at(report, j)->message, cases[i].what) != NULL);
        g_assert_true(told);
        tear_down(&world, NULL);
    }
}

/* Of a listener that is root's; its unit says by which line. */
static void
test_no_new_privileges(void)
{
    World world = {0};

    if (skip_unless_root())
        return;
    set_up(&world, NULL);
    put_user(&world, "");
    put_text(&world, "/proc/234/status", "Name:\tsshd\nNoNewPrivs:\t0\nSeccomp:\t0\n");
    g_autoptr(PstReport) sound = run_harness(&world);
    g_assert_cmpuint(sound->findings->len, ==, 0);

    put_text(&world, "/proc/234/status", "Name:\tsshd\nNoNewPrivs:\t1\nSeccomp:\t0\n");
    put_text(&world, "/usr/lib/systemd/system/ssh.service", "[Service]\n");
    put_text(&world, "/etc/systemd/system/ssh.service.d/hard.conf",
             "[Service]\nNoNewPrivileges=yes\n");
    g_autoptr(PstReport) report = run_harness(&world);
    const PstFinding *finding = find(report, "ssh.no-new-privileges");
    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_cmpstr(finding->evidence->path, ==, "/etc/systemd/system/ssh.service.d/hard.conf");
    g_assert_cmpstr(finding->evidence->text, ==, "NoNewPrivileges=yes");
    tear_down(&world, NULL);
}

static void
test_stuck(void)
{
    World world = {0};

    if (skip_unless_root())
        return;
    set_up(&world, NULL);
    put_user(&world, "");
    put_text(&world, "/proc/234/stat", "234 (ss) T hd) S 1 234 234 0 -1 4194560\n");
    g_autoptr(PstReport) sound = run_harness(&world);
    g_assert_cmpuint(sound->findings->len, ==, 0);
    put_text(&world, "/proc/234/stat", "234 (sshd) T 1 234 234 0 -1 4194560\n");
    g_autoptr(PstReport) report = run_harness(&world);
    g_assert_cmpstr(find(report, "ssh.stuck")->undo->argv[2], ==, "--signal=CONT");
    tear_down(&world, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ssh-session/table", test_table);
    g_test_add_func("/ssh-session/bound-keys", test_bound_keys);
    g_test_add_func("/ssh-session/rc", test_rc);
    g_test_add_func("/ssh-session/short-keys", test_short_keys);
    g_test_add_func("/ssh-session/wrappers", test_wrappers);
    g_test_add_func("/ssh-session/slices", test_slices);
    g_test_add_func("/ssh-session/root-folder", test_root_folder);
    g_test_add_func("/ssh-session/no-new-privileges", test_no_new_privileges);
    g_test_add_func("/ssh-session/stuck", test_stuck);
    g_test_add_func("/ssh-session/unlooked", test_unlooked);
    return g_test_run();
}
