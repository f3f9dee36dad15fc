// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/doas-conf.h"

/* What doas.conf says, and whether harness may run true(1) by it; 0: no rule, and no fault. */
static const struct {
    const char *conf;
    guint fault; /* the line that makes no sense */
    int permits; /* -1: no rule decides */
    gboolean nopass;
} rows[] = {
    {"", 0, -1, FALSE},
    {"permit nopass harness\n", 0, 1, TRUE},
    {"permit harness as root\n", 0, 1, FALSE},
    {"permit nopass harness as nobody\n", 0, -1, FALSE},
    {"permit nopass :adm\npermit :wheel\n", 0, 1, TRUE},
    {"permit nopass :4\n", 0, 1, TRUE},
    {"permit nopass harness\ndeny harness\n", 0, 0, FALSE},
    {"deny harness\npermit nopass keepenv harness cmd /usr/bin/true\n", 0, 1, TRUE},
    {"permit nopass harness cmd /usr/bin/id\n", 0, -1, FALSE},
    {"permit nopass harness cmd /usr/bin/true args\n", 0, 1, TRUE},
    {"permit nopass harness cmd /usr/bin/true args -x\n", 0, -1, FALSE},
    {"permit setenv { A B=c } persist nopass \"harness\" # yes\n", 0, 1, TRUE},
    {"permit nopass \\\n  harness\n", 0, 1, TRUE},
    {"# permit nopass harness\n\n", 0, -1, FALSE},
    {"permit nopass harness\nallow root\n", 2, 1, TRUE},
    {"permit nopass\n", 1, -1, FALSE},
    {"permit setenv { A harness\n", 1, -1, FALSE},
    {"permit \"harness\n", 1, -1, FALSE},
};

static void
test_rules(void)
{
    char *command[] = {(char *)"/usr/bin/true", NULL};

    g_autoptr(PstAccounts) accounts = pst_accounts_parse(
        "root:x:0:0::/root:/bin/sh\nharness:x:1000:1000::/home/harness:/bin/sh\n",
        "adm:x:4:harness\nwheel:x:10:\n", NULL);
    const PstAccount *user = pst_accounts_find(accounts, "harness");
    g_autoptr(GArray) groups = pst_accounts_groups(accounts, user);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) rules = pst_doas_conf_new();

        g_test_message("%s", rows[i].conf);
        g_assert_cmpuint(pst_doas_conf_parse(rules, "/etc/doas.conf", rows[i].conf), ==,
                         rows[i].fault);
        if (rows[i].fault > 0)
            continue;
        const PstDoasRule *rule = pst_doas_conf_match(rules, accounts, user, groups, command);
        g_assert_cmpint(rule != NULL ? rule->permits : -1, ==, rows[i].permits);
        if (rule != NULL)
            g_assert_cmpint(rule->nopass, ==, rows[i].nopass);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doas/rules", test_rules);
    return g_test_run();
}
