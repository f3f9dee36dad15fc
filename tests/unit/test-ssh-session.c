// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "tests/unit/ssh-user-world.h"

/* What shuts a user out whom sshd's lists let in: before sshd says a word, or after the login. */

#define UNIT "/etc/systemd/system/ssh.service.d/10-net.conf"
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
    {"ForceCommand /bin/false", NULL, NULL, NULL, "ssh.forced-command", WARNING,
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
     "ssh.forced-command", WARNING, "/etc/ssh/sshd_config"},
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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ssh-session/table", test_table);
    g_test_add_func("/ssh-session/bound-keys", test_bound_keys);
    g_test_add_func("/ssh-session/wrappers", test_wrappers);
    return g_test_run();
}
