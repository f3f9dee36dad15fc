// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/hosts-access.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

/* What the TCP wrappers make of a connection to sshd: what Debian's tcpdmatch(8) says of the same
 * files, where that needs no host's name. */

#define YES PST_TRI_YES
#define NO PST_TRI_NO
#define MAYBE PST_TRI_UNKNOWN
#define HERE "192.0.2.9"
#define SIX "2001:db8::9"

static const struct {
    const char *allow, *deny; /* NULL: there is no such file */
    const char *from;
    PstTri allowed;
    const char *path; /* whose line decides, or may; NULL: none is about it */
    guint line;
} rows[] = {
    {NULL, NULL, HERE, YES, NULL, 0},
    {"# sshd: ALL\n\n", "# all\n", HERE, YES, NULL, 0},
    {NULL, "sshd: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "sshd: ALL\n", NULL, NO, "/etc/hosts.deny", 1},
    {NULL, "\nALL : ALL\n", SIX, NO, "/etc/hosts.deny", 2},
    {NULL, "SSHD: all\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "vsftpd: ALL\n", HERE, YES, NULL, 0},
    {NULL, "ALL EXCEPT sshd: ALL\n", HERE, YES, NULL, 0},
    {NULL, "ALL: ALL EXCEPT 192.0.2.0/24\n", HERE, YES, NULL, 0},
    {NULL, "ALL: ALL EXCEPT 192.0.2.0/24 EXCEPT 192.0.2.9\n", HERE, NO, "/etc/hosts.deny", 1},
    {"sshd: 192.0.2.\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: 192.0.\n", "ALL: ALL\n", "198.51.100.1", NO, "/etc/hosts.deny", 1},
    {"sshd: 192.0.2.0/255.255.255.0\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: 10.0.0.0/8, 192.0.2.9\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: 192.0.2.?\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: [2001:db8::]/32\n", "ALL: ALL\n", SIX, YES, "/etc/hosts.allow", 1},
    {"sshd: [2001:db8::9]\n", "ALL: ALL\n", SIX, YES, "/etc/hosts.allow", 1},
    {"sshd: [2001:db8:1::]/48\n", "ALL: ALL\n", SIX, NO, "/etc/hosts.deny", 1},
    {"sshd: [2001:db8::]/32 : DENY\n", NULL, SIX, NO, "/etc/hosts.allow", 1},
    {"ALL: ALL: deny\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: 192.0.2.9: spawn /bin/true: ALLOW\nALL: ALL: DENY\n", NULL, HERE, YES,
     "/etc/hosts.allow", 1},
    {"sshd: 192.0.2.9: ALLOW\nALL: ALL: DENY\n", NULL, "192.0.2.10", NO, "/etc/hosts.allow", 2},
    {"sshd: \\\n 192.0.2.9\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {NULL, "ALL: ALL: allow\n", HERE, YES, "/etc/hosts.deny", 1},
    /* By names, by files, by users: nobody looks there. */
    {"sshd: .example.com\n", "ALL: ALL\n", HERE, MAYBE, "/etc/hosts.allow", 1},
    {"sshd: /etc/friends\n", "ALL: ALL\n", HERE, MAYBE, "/etc/hosts.allow", 1},
    {"sshd: @friends\n", "ALL: ALL\n", HERE, MAYBE, "/etc/hosts.allow", 1},
    {"sshd: LOCAL\n", NULL, HERE, YES, "/etc/hosts.allow", 1},
    {NULL, "sshd: PARANOID\n", HERE, MAYBE, "/etc/hosts.deny", 1},
    {NULL, "sshd: PARANOID\nsshd: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "sshd@10.0.0.1: ALL\n", HERE, MAYBE, "/etc/hosts.deny", 1},
    {NULL, "sshd@ALL: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "vsftpd@10.0.0.1: ALL\n", HERE, YES, NULL, 0},
    {NULL, "sshd: eve@192.0.2.9\n", HERE, MAYBE, "/etc/hosts.deny", 1},
    {NULL, "sshd: eve@192.0.2.10\n", HERE, YES, NULL, 0},
    {NULL, "sshd: ALL@192.0.2.9\n", HERE, NO, "/etc/hosts.deny", 1},
    /* Who did not say from where. */
    {"sshd: 192.0.2.9\n", "ALL: ALL\n", NULL, MAYBE, "/etc/hosts.allow", 1},
    {"sshd: 192.0.2.9\n", NULL, NULL, YES, "/etc/hosts.allow", 1},
    {"sshd: ALL\n", "ALL: ALL\n", NULL, YES, "/etc/hosts.allow", 1},
    {NULL, "ALL: ALL EXCEPT 127. [::1]\n", NULL, NO, "/etc/hosts.deny", 1},
    {"ALL: 127.0.0.0/8 [::1]/128\n", "ALL: ALL\n", NULL, NO, "/etc/hosts.deny", 1},
    {NULL, "ALL: 0.0.0.0/0.0.0.0 [::]/0\n", NULL, NO, "/etc/hosts.deny", 1},
    {NULL, "ALL: 0.0.0.0/0.0.0.0\n", NULL, MAYBE, "/etc/hosts.deny", 1},
    {"ALL: 0.0.0.0/0.0.0.0\n", "ALL: ALL\n", NULL, MAYBE, "/etc/hosts.deny", 1},
    {NULL, "ALL: 10.0.0.0/8\n", NULL, MAYBE, "/etc/hosts.deny", 1},
    {NULL, "ALL: 10.0.0.0/33\n", NULL, YES, NULL, 0},
    /* Lines as the library takes them. */
    {"sshd: ALL", "ALL: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {"sshd: ALL\\\n", "ALL: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "vsftpd: ALL\n#", HERE, NO, "/etc/hosts.deny", 2},
    {NULL, "\\\n", HERE, YES, NULL, 0},
    {" # sshd: ALL\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {"#\\\nsshd: ALL\n", "ALL: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {"sshd: ALL\r\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: ALL [: DENY\n", NULL, HERE, YES, "/etc/hosts.allow", 1},
    {"[[x]] sshd: ALL\n", "ALL: ALL\n", HERE, YES, "/etc/hosts.allow", 1},
    /* Patterns that mean less than they seem to, or more. */
    {NULL, "KNOWN: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "SSH?: ALL\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "sshd**: ALL\n", HERE, YES, NULL, 0},
    {NULL, "sshd: .2.9\n", HERE, NO, "/etc/hosts.deny", 1},
    {NULL, "sshd: 0.0.0.0/0\n", HERE, YES, NULL, 0},
    {NULL, "sshd: 192.0.2.9/24\n", HERE, YES, NULL, 0},
    {NULL, "sshd: 192.0.2.0/255\n", HERE, YES, NULL, 0},
    {NULL, "sshd: 192.0.2.0/-1\n", HERE, YES, NULL, 0},
    {NULL, "sshd: 192.0.2.9/255.255.255.255\n", HERE, YES, NULL, 0},
    {NULL, "sshd: 192.0.2.0/255.0.255.0\n", "192.9.2.9", NO, "/etc/hosts.deny", 1},
    {NULL, "sshd: [192.0.2.9]\n", HERE, YES, NULL, 0},
    {"sshd: [2001:db8::/32]\n", "ALL: ALL\n", SIX, NO, "/etc/hosts.deny", 1},
    {NULL, "sshd: [2001:DB8:0::9]\n", SIX, NO, "/etc/hosts.deny", 1},
    {NULL, "sshd: [2001:db8::9]\n", "2001:DB8:0::9", NO, "/etc/hosts.deny", 1},
    {NULL, "sshd: [2001:db8::9]/129\n", SIX, YES, NULL, 0},
    {NULL, "sshd: 192.0.2.9\n", "::ffff:192.0.2.9", NO, "/etc/hosts.deny", 1},
    /* Options. */
    {"sshd: ALL: twist /bin/echo no\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: aclexec /bin/true\n", NULL, HERE, MAYBE, "/etc/hosts.allow", 1},
    {"sshd: ALL: aclexec /bin/true: deny\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: user nobody\n", NULL, HERE, MAYBE, "/etc/hosts.allow", 1},
    {"sshd: ALL: alow\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: allow: deny\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: allow now\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL:\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: spawn\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: spawn a\\: deny\n", NULL, HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: ALL: nice = +5: allow =\n", NULL, HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: ALL: nice x\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: umask 022: linger 0: rfc931: keepalive\n", NULL, HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: ALL: umask 99\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: severity\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: linger -1\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: rfc931 0\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: severity auth.INFO\n", NULL, HERE, YES, "/etc/hosts.allow", 1},
    {"sshd: ALL: severity info.auth\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    {"sshd: ALL: severity error\n", NULL, HERE, NO, "/etc/hosts.allow", 1},
    /* What is none. */
    {NULL, "sshd\n:::\n: :\nsshd:\n", HERE, YES, NULL, 0},
    {NULL, "sshd: 1.2.3.4/99, /, [, ]/, 9/, */*\n", HERE, MAYBE, "/etc/hosts.deny", 1},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        World world = {0};
        g_auto(PstHostsAccess) access = {PST_TRI_UNKNOWN};
        g_autoptr(GError) error = NULL;

        set_up(&world, NULL);
        if (rows[i].allow != NULL)
            put_text(&world, "/etc/hosts.allow", rows[i].allow);
        if (rows[i].deny != NULL)
            put_text(&world, "/etc/hosts.deny", rows[i].deny);
        g_test_message("row %u", i);
        g_assert_true(pst_hosts_access_judge(world.sysroot, "sshd", rows[i].from, &access, &error));
        g_assert_no_error(error);
        g_assert_cmpint(access.allowed, ==, rows[i].allowed);
        g_assert_cmpstr(access.path, ==, rows[i].path);
        g_assert_cmpuint(access.line, ==, rows[i].line);
        tear_down(&world, NULL);
    }
}

/* The library has 2047 bytes for a line, its newline and what continues it. */
static void
test_long_lines(void)
{
    static const struct {
        guint blanks;
        const char *end;
        PstTri allowed;
    } cases[] = {
        {2037, "\n", YES},    {2038, "\n", NO},       {2036, "\\\n\n", YES},
        {2037, "\\\n\n", NO}, {2036, "\\\n  \n", NO}, {2038, "\nsshd: ALL\n", NO},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world = {0};
        g_auto(PstHostsAccess) access = {PST_TRI_UNKNOWN};
        g_autofree char *blanks = g_strnfill(cases[i].blanks, ' ');
        g_autofree char *text = g_strconcat("sshd: ALL", blanks, cases[i].end, NULL);

        g_test_message("case %u", i);
        set_up(&world, NULL);
        put_text(&world, "/etc/hosts.allow", text);
        put_text(&world, "/etc/hosts.deny", "ALL: ALL\n");
        g_assert_true(pst_hosts_access_judge(world.sysroot, "sshd", HERE, &access, NULL));
        g_assert_cmpint(access.allowed, ==, cases[i].allowed);
        tear_down(&world, NULL);
    }
}

static void
test_unread(void)
{
    World world = {0};
    g_auto(PstHostsAccess) access = {PST_TRI_UNKNOWN};
    g_autoptr(GError) error = NULL;

    set_up(&world, NULL);
    put(&world, "/etc/hosts.deny", "\0\nsshd: ALL\n", 12, 0644);
    g_assert_false(pst_hosts_access_judge(world.sysroot, "sshd", HERE, &access, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    tear_down(&world, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hosts-access/table", test_table);
    g_test_add_func("/hosts-access/long-lines", test_long_lines);
    g_test_add_func("/hosts-access/unread", test_unread);
    return g_test_run();
}
