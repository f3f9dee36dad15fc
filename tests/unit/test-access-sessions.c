// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/access-guest.h"

/* What holds on the way to sshd, for the one that runs, or in a session of it, and for nobody
 * else. */

static const struct {
    const char *probe, *id;
    PstSeverity severity;
    const char *ways; /* ssh-key, ssh-password, console and sudo by their initials */
} rows[] = {
    {"pam", "pam.limits", PST_SEVERITY_CRITICAL, "ssoo"},
    {"pam", "pam.limits", PST_SEVERITY_INFORMATION, "uuoo"},
    {"pam", "pam.no-new-privileges", PST_SEVERITY_CRITICAL, "ooos"},
    {"pam", "pam.no-new-privileges", PST_SEVERITY_INFORMATION, "oooo"}, /* of another service */
    {"pam", "pam.path-without-sudo", PST_SEVERITY_CRITICAL, "ooos"},
    {"pam", "pam.path-without-sudo", PST_SEVERITY_INFORMATION, "ooou"},
    {"ssh", "ssh.no-new-privileges", PST_SEVERITY_CRITICAL, "ooos"},
    {"ssh", "ssh.files-hidden", PST_SEVERITY_WARNING, "uuou"},
    {"firewall", "firewall.tracking-full", PST_SEVERITY_WARNING, "uuoo"},
    {"network", "network.packets-filtered", PST_SEVERITY_INFORMATION, "uuoo"},
    {"network", "network.packets-lost", PST_SEVERITY_WARNING, "uuoo"},
    {"network", "network.packets-lost", PST_SEVERITY_CRITICAL, "ssoo"},
    {"ssh", "ssh.stuck", PST_SEVERITY_CRITICAL, "ssoo"},
    {"ssh", "ssh.rc-waits", PST_SEVERITY_CRITICAL, "ssoo"},
    {"ssh", "ssh.rc-waits", PST_SEVERITY_INFORMATION, "uuoo"},
    {"pam", "pam.env-faulty", PST_SEVERITY_INFORMATION, "uuoo"},
    {"ssh", "ssh.restart-pending", PST_SEVERITY_INFORMATION, "uuoo"},
    {"ssh", "ssh.restart-pending", PST_SEVERITY_WARNING, "uuoo"},
    {"ssh", "ssh.other-options", PST_SEVERITY_INFORMATION, "uuoo"},
    {"ssh", "ssh.several-methods", PST_SEVERITY_WARNING, "oooo"},
    {"ssh", "ssh.several-methods", PST_SEVERITY_CRITICAL, "sooo"},
};

static char *
derive(Guest *guest)
{
    g_autoptr(PstReport) report =
        pst_access_derive(guest->answers, G_N_ELEMENTS(guest->answers), guest->vantage);
    const PstAccessData *data = report->data;
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < data->ways->len; i++)
        g_string_append_c(
            out, pst_report_access_verdicts[((PstAccessWay *)data->ways->pdata[i])->verdict][0]);
    return g_string_free(out, FALSE);
}

static void
say(Guest *guest, const char *probe, const char *id, PstSeverity severity)
{
    pst_report_add(answer_of(guest, probe)->report, id, severity, "so it is");
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Guest) guest = {{NULL}};

        init(&guest);
        say(&guest, rows[i].probe, rows[i].id, rows[i].severity);
        g_autofree char *ways = derive(&guest);
        g_test_message("row %u", i);
        g_assert_cmpstr(ways, ==, rows[i].ways);
    }
}

/* Whatever is wrong with files that may not hold yet; that no key is there does. */
static void
test_unsettled(void)
{
    g_auto(Guest) denied = {{NULL}}, keyless = {{NULL}}, off = {{NULL}};

    init(&denied);
    denied.ssh->user_allowed = PST_TRI_NO;
    say(&denied, "ssh", "ssh.restart-pending", PST_SEVERITY_INFORMATION);
    g_autofree char *of_denied = derive(&denied);
    g_assert_cmpstr(of_denied, ==, "uuoo");

    init(&keyless);
    keyless.ssh->key_accepted = PST_TRI_NO;
    say(&keyless, "ssh", "ssh.other-options", PST_SEVERITY_INFORMATION);
    g_autofree char *of_keyless = derive(&keyless);
    g_assert_cmpstr(of_keyless, ==, "suoo");

    init(&off);
    off.ssh->key_accepted = PST_TRI_NO;
    say(&off, "ssh", "ssh.key-login-off", PST_SEVERITY_CRITICAL);
    say(&off, "ssh", "ssh.restart-pending", PST_SEVERITY_INFORMATION);
    g_autofree char *of_off = derive(&off);
    g_assert_cmpstr(of_off, ==, "uuoo");
}

/* A phase that hangs on a module of which nobody knows what it says; by itself it accuses nobody.
 */
static void
test_hinge(void)
{
    g_auto(Guest) guest = {{NULL}};

    init(&guest);
    PstPamServiceReport *sshd = guest.pam->services->pdata[0];
    g_free(sshd->account->outcome);
    sshd->account->outcome = g_strdup("depends");
    g_autofree char *sound = derive(&guest);
    g_assert_cmpstr(sound, ==, "oooo");

    g_free(sshd->account->finding);
    sshd->account->finding = g_strdup("pam.depends");
    say(&guest, "pam", "pam.depends", PST_SEVERITY_INFORMATION);
    g_autofree char *ways = derive(&guest);
    g_assert_cmpstr(ways, ==, "uuoo");
    g_autoptr(PstReport) report =
        pst_access_derive(guest.answers, G_N_ELEMENTS(guest.answers), guest.vantage);
    g_assert_cmpuint(report->findings->len, ==, 0);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access-sessions/table", test_table);
    g_test_add_func("/access-sessions/unsettled", test_unsettled);
    g_test_add_func("/access-sessions/hinge", test_hinge);
    return g_test_run();
}
