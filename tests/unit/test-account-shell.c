// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <sys/stat.h>

#include "guest-shim/account-shell.h"
#include "guest-shim/probe-account.h"
#include "tests/unit/world.h"

#define BASHRC "/home/harness/.bashrc"

static void
put_sound(const World *world, const char *shell)
{
    g_autofree char *passwd = g_strdup_printf("root:x:0:0:root:/root:/bin/sh\n"
                                              "harness:x:1000:1000::/home/harness:%s\n",
                                              shell);

    put_text(world, "/etc/passwd", passwd);
    put_text(world, "/etc/group", "root:x:0:\nharness:x:1000:\n");
    put(world, "/etc/shadow", "root:*:1:0:99999:7:::\nharness:$y$x:19000:0:99999:7:::\n", -1, 0640);
    put_text(world, "/etc/shells", "/bin/sh\n/opt/menu\n");
    put_text(world, "/etc/ssh/sshd_config", "UsePAM yes\n");
    put(world, shell, "#!", -1, 0755);
    put_text(world, "/home/harness/.profile", "");
}

/* The only finding, "" for none; *key becomes the verdict on keys. */
static char *
judge(const World *world, PstTri *key)
{
    PstProbeContext context = {world->sysroot, G_MAXINT64};
    g_autoptr(PstReport) report = pst_report_new(&pst_report_account_kind);
    PstAccountArgs args = {.user = (char *)"harness", .passive = PST_TRI_NO};

    pst_probe_account_run(&context, &args, report);
    *key = ((PstAccountData *)report->data)->key_login;
    g_assert_cmpuint(report->findings->len, <=, 1);
    if (report->findings->len == 0)
        return g_strdup("");
    const PstFinding *finding = report->findings->pdata[0];
    if (finding->evidence->line == PST_INT_UNKNOWN)
        return g_strdup_printf("%s %s", finding->id, finding->evidence->path);
    return g_strdup_printf("%s %s:%" G_GINT64_FORMAT, finding->id, finding->evidence->path,
                           finding->evidence->line);
}

static void
test_shells(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *shell, *finding;
        PstTri key;
    } rows[] = {
        {"/bin/sh", "", PST_TRI_YES},
        {"/usr/local/bin/zsh", "", PST_TRI_YES}, /* in no list, and known all the same */
        {"/opt/menu", "", PST_TRI_YES},
        {"/opt/other-menu", "account.shell-unfamiliar /etc/passwd:2", PST_TRI_UNKNOWN},
        {"/usr/sbin/nologin", "account.shell-unusable /etc/passwd:2", PST_TRI_NO},
        {"/bin/true", "account.shell-unusable /etc/passwd:2", PST_TRI_NO},
        {"/usr/bin/git-shell", "account.shell-unusable /etc/passwd:2", PST_TRI_NO},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstTri key;

        put_sound(world, rows[i].shell);
        g_autofree char *finding = judge(world, &key);
        g_assert_cmpstr(finding, ==, rows[i].finding);
        g_assert_cmpint(key, ==, rows[i].key);
    }
}

/* bash reads two files, and other shells neither. */
static void
test_startup(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstTri key;

    put_sound(world, "/bin/bash");
    put_text(world, BASHRC, "# mine\nexit 0\n");
    g_autofree char *own = judge(world, &key);
    g_assert_cmpstr(own, ==, "account.shell-exits " BASHRC ":2");
    g_assert_cmpint(key, ==, PST_TRI_NO);
    put_text(world, "/etc/bash.bashrc", "exit 0\n");
    g_autofree char *of_all = judge(world, &key);
    g_assert_cmpstr(of_all, ==, "account.shell-exits /etc/bash.bashrc:1");
    put_sound(world, "/bin/sh");
    g_autofree char *other = judge(world, &key);
    g_assert_cmpstr(other, ==, "");
}

/* Deeper than the first lines; Debian's own returns before, where nobody sits. */
static void
test_startup_deep(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *text, *finding;
        PstTri key;
    } rows[] = {
        {"case $- in\n    *i*) ;;\n      *) return;;\nesac\nexit 1\n", "", PST_TRI_YES},
        {"if [ -f ~/.mine ]; then\n    . ~/.mine\nfi\n",
         "account.shell-exits /home/harness/.mine:2", PST_TRI_NO},
        {"alias l=ls\nif [ -n \"$SSH_CLIENT\" ]; then\n    exec false\nfi\n",
         "account.shell-exits " BASHRC ":3", PST_TRI_NO},
        {"A=$(date)\nsleep infinity\n", "account.shell-exits " BASHRC ":2", PST_TRI_NO},
        {"[ \"$A\" = 1 ] && exit\n", "account.shell-may-exit " BASHRC ":1", PST_TRI_UNKNOWN},
    };

    put_sound(world, "/bin/bash");
    put_text(world, "/etc/bash.bashrc", "[ -z \"${PS1-}\" ] && return\nexit\n");
    put_text(world, "/home/harness/.mine", "X=1\nreturn_code=0; exit\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstTri key;

        g_test_message("row %u", i);
        put_text(world, BASHRC, rows[i].text);
        g_autofree char *finding = judge(world, &key);
        g_assert_cmpstr(finding, ==, rows[i].finding);
        g_assert_cmpint(key, ==, rows[i].key);
    }
}

/* What nobody asks for is not there. */
static void
test_files_unasked(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *nsswitch, *finding;
        PstTri key;
    } rows[] = {
        {"passwd: files systemd\nshadow: files\n", "", PST_TRI_YES},
        {"group: files\n", "", PST_TRI_YES},
        {"passwd: compat\nshadow: compat\n", "", PST_TRI_YES},
        {"passwd: systemd\n", "account.files-unasked /etc/nsswitch.conf:1", PST_TRI_NO},
        {"passwd: files\nshadow: sss\n", "account.files-unasked /etc/nsswitch.conf:2", PST_TRI_NO},
    };

    put_sound(world, "/bin/sh");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstTri key;

        put_text(world, "/etc/nsswitch.conf", rows[i].nsswitch);
        g_autofree char *finding = judge(world, &key);
        g_assert_cmpstr(finding, ==, rows[i].finding);
        g_assert_cmpint(key, ==, rows[i].key);
    }
    /* sssd may know the entry. */
    PstTri key;
    put_text(world, "/var/lib/sss/pipes/nss", "");
    g_autofree char *finding = judge(world, &key);
    g_assert_cmpstr(finding, ==, "");
    g_assert_cmpint(key, ==, PST_TRI_UNKNOWN);
}

/* A source before the files, which ends the look-up by what it says of somebody unknown to it. */
static void
test_files_behind(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *nsswitch, *finding;
        PstTri key;
    } rows[] = {
        {"passwd: systemd files\n", "", PST_TRI_YES},
        {"passwd: files [NOTFOUND=return] systemd\n", "", PST_TRI_YES},
        {"passwd: systemd [SUCCESS=return] files\n", "", PST_TRI_YES},
        {"passwd: systemd [UNAVAIL=return] files\n", "", PST_TRI_YES},
        {"passwd: systemd [!UNAVAIL=continue] files\n", "", PST_TRI_YES},
        {"passwd: systemd [!SUCCESS=return NOTFOUND=continue] files\n", "", PST_TRI_YES},
        {"group: systemd [NOTFOUND=return] files\n", "", PST_TRI_YES},
        {"# order\npasswd: systemd [NOTFOUND=return] files\n",
         "account.files-unasked /etc/nsswitch.conf:2", PST_TRI_NO},
        {"passwd:systemd [ notfound = RETURN ] files\n",
         "account.files-unasked /etc/nsswitch.conf:1", PST_TRI_NO},
        {"passwd: systemd [!SUCCESS=return] files\n", "account.files-unasked /etc/nsswitch.conf:1",
         PST_TRI_NO},
        {"passwd: systemd [!UNAVAIL=return] files\n", "account.files-unasked /etc/nsswitch.conf:1",
         PST_TRI_NO},
        {"passwd: files\nshadow: systemd [NOTFOUND=return] files\n",
         "account.files-unasked /etc/nsswitch.conf:2", PST_TRI_NO},
        /* sssd does not run, and is not unavailable to everybody's liking. */
        {"passwd: sss [NOTFOUND=return] files\n", "", PST_TRI_YES},
        {"passwd: sss [!SUCCESS=return] files\n", "account.files-unasked /etc/nsswitch.conf:1",
         PST_TRI_NO},
        /* A source whose module is not there. */
        {"passwd: ldap [NOTFOUND=return] files\n", "", PST_TRI_YES},
        {"passwd: ldap [UNAVAIL=return] files\n", "account.files-unasked /etc/nsswitch.conf:1",
         PST_TRI_NO},
        /* What can't be understood, in whichever line: newer C libraries know nobody by it. */
        {"passwd: files\nhosts: dns [NOTFOUND=retrun]\n", "account.elsewhere /etc/nsswitch.conf:2",
         PST_TRI_UNKNOWN},
        {"passwd: files [NOTFOUND=return\n", "account.elsewhere /etc/nsswitch.conf:1",
         PST_TRI_UNKNOWN},
        {"passwd: files []\n", "account.elsewhere /etc/nsswitch.conf:1", PST_TRI_UNKNOWN},
        {"passwd: files\nhosts: mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns\n",
         "", PST_TRI_YES},
        {"passwd: files\nsudoers: files [what\ngroup: files [SUCCESS=merge] systemd\n", "",
         PST_TRI_YES},
        /* Of what a directory says nobody knows. */
        {"passwd: winbind [NOTFOUND=return] files\n", "account.elsewhere /etc/nsswitch.conf:1",
         PST_TRI_UNKNOWN},
    };

    put_sound(world, "/bin/sh");
    put_text(world, "/usr/lib/x86_64-linux-gnu/libnss_systemd.so.2", "");
    put_text(world, "/lib64/libnss_sss.so.2", "");
    put_text(world, "/lib64/libnss_winbind.so.2", "");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstTri key;

        g_test_message("row %u", i);
        put_text(world, "/etc/nsswitch.conf", rows[i].nsswitch);
        g_autofree char *finding = judge(world, &key);
        g_assert_cmpstr(finding, ==, rows[i].finding);
        g_assert_cmpint(key, ==, rows[i].key);
    }
}

/* The C library skips blanks at the beginning of a line, in each of the files. */
static void
test_blanks(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstTri key;

    put_sound(world, "/bin/sh");
    put_text(world, "/etc/passwd",
             "root:x:0:0::/root:/bin/sh\n"
             " \tharness:x:1000:1000::/home/harness:/bin/sh\n");
    put(world, "/etc/shadow", "  harness:$y$x:19000:0:99999:7:::\n", -1, 0640);
    g_autofree char *finding = judge(world, &key);
    g_assert_cmpstr(finding, ==, "");
    g_assert_cmpint(key, ==, PST_TRI_YES);
}

/* The shell is open to all, and its loader is behind a folder that is not. */
static void
test_loader_shut(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *folder = g_build_filename(world->folder, "/usr/lib/arch", NULL);
    PstTri key;

    put_sound(world, "/bin/sh");
    put_text(world, "/etc/passwd", "harness:x:4242:4242::/home/harness:/bin/sh\n");
    put(world, "/bin/sh", "#!/usr/lib/arch/ld.so\n", -1, 0755);
    put(world, "/usr/lib/arch/ld.so", "", -1, 0755);
    g_autofree char *sound = judge(world, &key);
    g_assert_cmpstr(sound, ==, "");
    g_assert_cmpint(chmod(folder, 0750), ==, 0);
    g_autofree char *shut = judge(world, &key);
    g_assert_cmpstr(shut, ==, "account.shell-shut /usr/lib/arch");
    g_assert_cmpint(key, ==, PST_TRI_NO);
    g_assert_cmpint(chmod(folder, 0755), ==, 0);
}

/* pam_unix lets keys in with no_pass_expiry, however old the password is. */
static void
test_age_passes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstTri key;

    put_sound(world, "/bin/sh");
    put(world, "/etc/shadow", "harness:$y$x:0:0:99999:7:::\n", -1, 0640);
    put_text(world, "/etc/pam.d/sshd", "account required pam_unix.so\n");
    g_autofree char *strict = judge(world, &key);
    g_assert_cmpstr(strict, ==, "account.must-change-password /etc/shadow:1");
    g_assert_cmpint(key, ==, PST_TRI_NO);
    put_text(world, "/etc/pam.d/sshd", "account required pam_unix.so no_pass_expiry\n");
    g_autofree char *lax = judge(world, &key);
    g_assert_cmpstr(lax, ==, "account.must-change-password /etc/shadow:1");
    g_assert_cmpint(key, ==, PST_TRI_YES);
}

#define ADD(path, test) g_test_add(path, World, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/account-shell/shells", test_shells);
    ADD("/account-shell/startup", test_startup);
    ADD("/account-shell/startup-deep", test_startup_deep);
    ADD("/account-shell/files-unasked", test_files_unasked);
    ADD("/account-shell/files-behind", test_files_behind);
    ADD("/account-shell/blanks", test_blanks);
    ADD("/account-shell/loader-shut", test_loader_shut);
    ADD("/account-shell/age-passes", test_age_passes);
    return g_test_run();
}
