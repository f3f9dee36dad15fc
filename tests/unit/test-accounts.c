// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/accounts.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "broken line\n"
                             "short:x:5\n"
                             "badid:x:abc:0::/:/bin/sh\n"
                             "+nisuser::::::\n"
                             "harness:x:1000:1000:,,,:/home/harness:/bin/bash\n"
                             "plain:*:1001:100::/home/plain:/bin/sh\n"
                             "harness:x:1:1::/second:/bin/false\n";
static const char group[] = "root:x:0:\nadm:x:4:syslog, harness\n%%%\nsudo:x:27:harnessx\n"
                            "adm2:x:4:harness\nharness:x:1000:harness\ndocker:x:998:harness\n";
static const char shadow[] = "root:*:19000:0:99999:7:::\nbroken\n"
                             "harness:$y$salt$hash:19000:0:10:7:5:20000:\n"
                             "plain:!:::::::\nbad:x:abc:::::\n";

static void
furnish(const World *world)
{
    put_text(world, "/etc/passwd", passwd);
    put_text(world, "/etc/group", group);
    put_text(world, "/etc/shadow", shadow);
}

static void
test_read(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    furnish(world);
    g_autoptr(PstAccounts) accounts = pst_accounts_load(world->sysroot, &error);

    g_assert_no_error(error);
    const PstAccount *harness = pst_accounts_find(accounts, "harness");
    g_assert_nonnull(harness);
    g_assert_cmpint(harness->uid, ==, 1000);
    g_assert_cmpuint(harness->line, ==, 6);
    g_assert_cmpstr(harness->shell, ==, "/bin/bash");
    g_assert_null(pst_accounts_find(accounts, "badid"));
    g_assert_null(pst_accounts_find(accounts, "+nisuser"));
    g_assert_null(pst_accounts_find(accounts, "short"));
    g_assert_cmpstr(pst_accounts_find_uid(accounts, 1001)->name, ==, "plain");

    g_autoptr(GArray) groups = pst_accounts_groups(accounts, harness);
    const gid_t expected[] = {1000, 4, 998};
    g_assert_cmpmem(groups->data, groups->len * sizeof(gid_t), expected, sizeof(expected));
    g_assert_cmpint(pst_accounts_gid(accounts, "docker"), ==, 998);
    g_assert_cmpint(pst_accounts_gid(accounts, "nix"), ==, -1);
    g_assert_cmpstr(pst_accounts_group_name(accounts, 4), ==, "adm");
}

/* One user: as if all had been read. Of two lines about the same the first one holds. */
static void
test_read_one(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const names[] = {"root", "harness", "plain", "badid", "nix", "a"};

    g_assert_null(pst_accounts_load_one(world->sysroot, "root", NULL));
    furnish(world);
    put_text(world, "/etc/nsswitch.conf",
             "passwd: files\ngroup: files altfiles\npasswd: files altfiles\n");
    put_text(world, "/usr/lib/passwd", "nix:x:5:5::/:/bin/sh\n");
    put_text(world, "/usr/lib/group", "old:x:77:root,harness\n");
    g_autoptr(PstAccounts) all = pst_accounts_load(world->sysroot, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(PstAccounts) one = pst_accounts_load_one(world->sysroot, names[i], NULL);
        const PstAccount *expected = pst_accounts_find(all, names[i]);
        const PstAccount *account = pst_accounts_find(one, names[i]);

        g_assert_cmpint(account != NULL, ==, expected != NULL);
        if (account == NULL)
            continue;
        g_autoptr(GArray) groups = pst_accounts_groups(one, account);
        g_autoptr(GArray) wanted = pst_accounts_groups(all, expected);
        g_assert_cmpmem(groups->data, groups->len * sizeof(gid_t), wanted->data,
                        wanted->len * sizeof(gid_t));
        g_assert_cmpint(account->uid, ==, expected->uid);
        g_assert_cmpuint(account->line, ==, expected->line);
    }
}

static void
test_sources(World *world, gconstpointer data G_GNUC_UNUSED)
{
    furnish(world);
    put_text(world, "/etc/nsswitch.conf",
             "passwd: files systemd\ngroup: files [NOTFOUND=return] sss # x\n"
             "#sudoers: ldap\nhosts:files dns\n");
    g_autoptr(PstAccounts) accounts = pst_accounts_load(world->sysroot, NULL);
    g_assert_null(pst_accounts_elsewhere(accounts, "passwd"));
    g_assert_cmpstr(pst_accounts_elsewhere(accounts, "group"), ==, "sss");
    g_assert_null(pst_accounts_elsewhere(accounts, "sudoers"));
    g_auto(GStrv) hosts = pst_accounts_sources(accounts, "hosts");
    g_assert_cmpuint(g_strv_length(hosts), ==, 2);
    g_auto(GStrv) none = pst_accounts_sources(accounts, "sudoers");
    g_assert_cmpstr(none[0], ==, "files");
}

static void
test_shadow(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    const PstAccount bad = {.name = (char *)"bad", .shadowed = TRUE};

    furnish(world);
    g_autoptr(PstAccounts) accounts = pst_accounts_load(world->sysroot, NULL);
    g_autofree PstAccountShadow *harness =
        pst_accounts_shadow(world->sysroot, pst_accounts_find(accounts, "harness"), &error);
    g_assert_no_error(error);
    g_assert_cmpint(harness->password, ==, PST_ACCOUNT_PASSWORD_SET);
    g_assert_cmpint(harness->expire, ==, 20000);
    g_assert_cmpuint(harness->line, ==, 3);
    g_autofree PstAccountShadow *plain =
        pst_accounts_shadow(world->sysroot, pst_accounts_find(accounts, "plain"), &error);
    g_assert_cmpint(plain->password, ==, PST_ACCOUNT_PASSWORD_NONE);
    g_assert_cmpint(plain->expire, ==, -1);
    g_assert_null(pst_accounts_shadow(world->sysroot, &bad, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

static void
test_password_states(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *hash;
        PstAccountPassword state;
    } rows[] = {
        {"", PST_ACCOUNT_PASSWORD_EMPTY},          {"*", PST_ACCOUNT_PASSWORD_NONE},
        {"!", PST_ACCOUNT_PASSWORD_NONE},          {"!!", PST_ACCOUNT_PASSWORD_NONE},
        {"!*", PST_ACCOUNT_PASSWORD_NONE},         {"!$y$a$b", PST_ACCOUNT_PASSWORD_LOCKED},
        {"!!$6$a$b", PST_ACCOUNT_PASSWORD_LOCKED}, {"$6$a$b", PST_ACCOUNT_PASSWORD_SET},
        {"*LK*", PST_ACCOUNT_PASSWORD_NONE},
    };
    const PstAccount user = {.name = (char *)"u", .shadowed = TRUE};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = g_strdup_printf("u:%s:1:0:99999:7:::\n", rows[i].hash);
        put_text(world, "/etc/shadow", line);
        g_autofree PstAccountShadow *found = pst_accounts_shadow(world->sysroot, &user, NULL);
        g_test_message("'%s'", rows[i].hash);
        g_assert_nonnull(found);
        g_assert_cmpint(found->password, ==, rows[i].state);
    }
}

/* Each row was tried on sudo 1.9.13 with Linux-PAM 1.5.2. */
static void
test_validity(void)
{
    static const struct {
        PstAccountShadow shadow;
        gint64 day;
        PstAccountValidity validity;
    } rows[] = {
        {{.last_change = 100, .maximum = -1, .inactive = -1, .expire = -1},
         1000,
         PST_ACCOUNT_VALID},
        {{.last_change = 100, .maximum = -1, .inactive = -1, .expire = 1000},
         999,
         PST_ACCOUNT_VALID},
        {{.last_change = 100, .maximum = -1, .inactive = -1, .expire = 1000},
         1000,
         PST_ACCOUNT_EXPIRED},
        {{.last_change = 100, .maximum = -1, .inactive = -1, .expire = 0},
         1000,
         PST_ACCOUNT_EXPIRED},
        {{.last_change = 0, .maximum = -1, .inactive = -1, .expire = -1},
         1000,
         PST_ACCOUNT_CHANGE_PASSWORD},
        {{.last_change = 100, .maximum = 10, .inactive = -1, .expire = -1},
         1000,
         PST_ACCOUNT_CHANGE_PASSWORD},
        {{.last_change = 100, .maximum = 10, .inactive = 5, .expire = -1},
         112,
         PST_ACCOUNT_CHANGE_PASSWORD},
        {{.last_change = 100, .maximum = 10, .inactive = 5, .expire = -1},
         1000,
         PST_ACCOUNT_PASSWORD_EXPIRED},
        {{.last_change = 2000, .maximum = 10, .inactive = 5, .expire = -1},
         1000,
         PST_ACCOUNT_VALID},
    };
    const PstAccount shadowed = {.name = (char *)"u", .shadowed = TRUE}, plain = {0};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpint(pst_accounts_validity(&shadowed, &rows[i].shadow, rows[i].day), ==,
                        rows[i].validity);
    }
    g_assert_cmpint(pst_accounts_validity(&shadowed, NULL, 1000), ==, PST_ACCOUNT_NO_SHADOW);
    g_assert_cmpint(pst_accounts_validity(&plain, NULL, 1000), ==, PST_ACCOUNT_VALID);
}

static void
test_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_accounts_load(world->sysroot, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/accounts/read", World, NULL, set_up, test_read, tear_down);
    g_test_add("/accounts/read-one", World, NULL, set_up, test_read_one, tear_down);
    g_test_add("/accounts/sources", World, NULL, set_up, test_sources, tear_down);
    g_test_add("/accounts/shadow", World, NULL, set_up, test_shadow, tear_down);
    g_test_add("/accounts/password-states", World, NULL, set_up, test_password_states, tear_down);
    g_test_add_func("/accounts/validity", test_validity);
    g_test_add("/accounts/absent", World, NULL, set_up, test_absent, tear_down);
    return g_test_run();
}
