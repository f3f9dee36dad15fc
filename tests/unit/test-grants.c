// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/grants.h"

#include <string.h>

#include "protocol/error.h"

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

static gboolean
number(const char *name, gboolean is_group, guint *number)
{
    static const struct {
        const char *name;
        gboolean is_group;
        guint number;
    } known[] = {{"alice", FALSE, 1000}, {"bob", FALSE, 1001}, {"ops", TRUE, 200}};

    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (!g_str_equal(name, known[i].name) || is_group != known[i].is_group)
            continue;
        *number = known[i].number;
        return TRUE;
    }
    return FALSE;
}

static PstGrants *
read_text(const char *text, GError **error)
{
    g_autoptr(GKeyFile) config = g_key_file_new();

    g_assert_true(g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL));
    return pst_grants_read(config, number, error);
}

static const char configuration[] = "[daemon]\ncallers=5\n"
                                    "[daemon hv3]\nuri=qemu+ssh://hv3/system\n"
                                    "[grant operators]\nusers=alice\ngroups=ops\ndomains=*\n"
                                    "methods=list;ask;read\n"
                                    "[grant web]\nusers= bob ; 1002 ;ghost\n"
                                    "domains=web-*; db ;1*;" UUID "\nmethods=list;ask\n"
                                    "[grant logs]\nusers=bob\ndomains=log?\nmethods=read\n";

#define ALL (PST_GRANT_LIST | PST_GRANT_ASK | PST_GRANT_READ)

/* Who may what of which domain: all that is not in RIGHTS is refused. */
static void
test_table(void)
{
    static const struct {
        guint uid, group;
        const char *domain;
        guint rights;
    } rows[] = {
        {1000, 1000, "web-1", ALL},
        {1000, 1000, "anything", ALL},
        {1000, 1000, "7", ALL},
        {1000, 1000, UUID, ALL},
        {5000, 200, "db", ALL},
        {5000, 201, "db", 0},
        {200, 5000, "db", 0}, /* a user whose number is a group's */
        {1001, 1001, "web-1", PST_GRANT_LIST | PST_GRANT_ASK},
        {1001, 1001, "web-", PST_GRANT_LIST | PST_GRANT_ASK},
        {1001, 1001, "web", 0},
        {1001, 1001, "my-web-1", 0},
        {1001, 1001, "db", PST_GRANT_LIST | PST_GRANT_ASK},
        {1001, 1001, "DB", 0},
        {1001, 1001, "db2", 0},
        {1001, 1001, "log1", PST_GRANT_READ},
        {1001, 1001, "log", 0},
        {1001, 1001, "", 0},
        {1002, 1002, "web-1", PST_GRANT_LIST | PST_GRANT_ASK},
        {1002, 1002, "log1", 0},
        {1003, 1003, "web-1", 0},
        /* libvirt would take these for a number, or for a UUID. */
        {1001, 1001, "1", 0},
        {1001, 1001, "12", 0},
        {1001, 1001, "1x", PST_GRANT_LIST | PST_GRANT_ASK},
        {1001, 1001, UUID, PST_GRANT_LIST | PST_GRANT_ASK},
        {1001, 1001, " " UUID, 0},
        {1001, 1001, "6695EB01-f6a4-8304-79aa-97f2502e193f", 0},
        {1001, 1001, "1695eb01f6a4830479aa97f2502e193f", 0},
        {1001, 1001, "1-695eb01 f6a4830479aa97f2502e193f ", 0},
        {1001, 1001, "1695eb01f6a4830479aa97f2502e193", PST_GRANT_LIST | PST_GRANT_ASK},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(PstGrants) grants = read_text(configuration, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const guint groups[] = {5001, rows[i].group};
        const PstGrantsCaller caller = {rows[i].uid, groups, G_N_ELEMENTS(groups)};

        g_test_message("row %u: %u, %u: %s", i, rows[i].uid, rows[i].group, rows[i].domain);
        for (guint right = PST_GRANT_LIST; right <= PST_GRANT_READ; right <<= 1)
            g_assert_cmpint(pst_grants_allow(grants, &caller, rows[i].domain, right), ==,
                            (rows[i].rights & right) != 0);
    }
}

/* What changes a guest is nobody's unless it is granted, and such a grant alone does not take from
 * anybody what only asks. */
static void
test_changing(void)
{
    static const struct {
        const char *text;
        guint uid;
        gboolean asks, heals;
    } rows[] = {
        {"", 1, TRUE, FALSE},
        {"[grant a]\nusers=1\ndomains=x\nmethods=heal\n", 1, TRUE, TRUE},
        {"[grant a]\nusers=1\ndomains=x\nmethods=heal\n", 2, TRUE, FALSE},
        {"[grant a]\nusers=1\ndomains=y\nmethods=heal\n", 1, TRUE, FALSE},
        {"[grant a]\nusers=1\ndomains=*\nmethods=list;ask;read\n", 1, TRUE, FALSE},
        {"[grant a]\nusers=1\ndomains=*\nmethods=ask;heal\n", 1, TRUE, TRUE},
        {"[grant a]\nusers=1\ndomains=*\nmethods=ask;heal\n", 2, FALSE, FALSE},
        {"[grant a]\nusers=1\ndomains=x\nmethods=heal\n"
         "[grant b]\nusers=2\ndomains=x\nmethods=ask\n",
         1, FALSE, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstGrants) grants = read_text(rows[i].text, &error);
        const PstGrantsCaller caller = {rows[i].uid, NULL, 0};

        g_assert_no_error(error);
        g_test_message("row %u", i);
        g_assert_cmpint(pst_grants_allow(grants, &caller, "x", PST_GRANT_ASK), ==, rows[i].asks);
        g_assert_cmpint(pst_grants_allow(grants, &caller, "x", PST_GRANT_HEAL), ==, rows[i].heals);
        g_assert_cmpint(pst_grants_allow_found(grants, &caller, "x", NULL, PST_GRANT_HEAL), ==,
                        rows[i].heals);
    }
    g_autoptr(PstGrants) none = read_text("", NULL);
    const PstGrantsCaller caller = {1, NULL, 0};
    g_assert_false(pst_grants_allow_any(none, &caller, PST_GRANT_HEAL));
    g_assert_false(pst_grants_allow_all(none, &caller, PST_GRANT_ASK | PST_GRANT_HEAL));
    g_assert_true(pst_grants_allow_all(none, &caller, PST_GRANT_ASK));
}

/* All rights for all domains, also where two grants give one each. */
static void
test_all(void)
{
    static const char text[] = "[grant a]\nusers=1\ndomains=x*;*\nmethods=list\n"
                               "[grant b]\nusers=1;2\ndomains=*\nmethods=ask\n"
                               "[grant c]\nusers=2;3\ndomains=x*\nmethods=list;ask\n";
    static const struct {
        guint uid, rights;
        gboolean allowed;
    } rows[] = {
        {1, PST_GRANT_LIST, TRUE},
        {1, PST_GRANT_ASK, TRUE},
        {1, PST_GRANT_LIST | PST_GRANT_ASK, TRUE},
        {1, ALL, FALSE},
        {2, PST_GRANT_ASK, TRUE},
        {2, PST_GRANT_LIST | PST_GRANT_ASK, FALSE},
        {3, PST_GRANT_ASK, FALSE},
        {4, PST_GRANT_LIST, FALSE},
    };
    g_autoptr(PstGrants) grants = read_text(text, NULL), none = read_text("", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PstGrantsCaller caller = {rows[i].uid, NULL, 0};
        g_assert_cmpint(pst_grants_allow_all(grants, &caller, rows[i].rights), ==, rows[i].allowed);
        g_assert_true(pst_grants_allow_all(none, &caller, rows[i].rights));
    }
}

static void
test_found(void)
{
    g_autoptr(PstGrants) grants = read_text(configuration, NULL);
    const PstGrantsCaller bob = {1001, NULL, 0}, nobody = {1003, NULL, 0};

    g_assert_true(pst_grants_allow_found(grants, &bob, "web-1", NULL, PST_GRANT_LIST));
    g_assert_true(pst_grants_allow_found(grants, &bob, "x", UUID, PST_GRANT_LIST));
    g_assert_false(pst_grants_allow_found(grants, &bob, "x", "other", PST_GRANT_LIST));
    g_assert_false(pst_grants_allow_found(grants, &bob, "log1", NULL, PST_GRANT_LIST));
    g_assert_false(pst_grants_allow_found(grants, &nobody, "web-1", UUID, PST_GRANT_LIST));
    g_assert_true(pst_grants_allow_any(grants, &bob, PST_GRANT_READ));
    g_assert_false(pst_grants_allow_any(grants, &nobody, PST_GRANT_LIST));
}

/* Without any grant the socket's mode decides alone. */
static void
test_none(void)
{
    g_autoptr(PstGrants) grants = read_text("[daemon]\ncallers=5\n", NULL);
    const PstGrantsCaller nobody = {1003, NULL, 0};

    g_assert_true(pst_grants_allow(grants, &nobody, "7", PST_GRANT_READ));
    g_assert_true(pst_grants_allow_found(grants, &nobody, "x", NULL, PST_GRANT_LIST));
    g_assert_true(pst_grants_allow_any(grants, &nobody, PST_GRANT_LIST));
    g_assert_null(pst_grants_unknown(grants)[0]);
}

static void
test_unknown(void)
{
    g_autoptr(PstGrants) grants = read_text(configuration, NULL);
    const char *const *unknown = pst_grants_unknown(grants);
    g_autoptr(PstGrants) ghosts =
        read_text("[grant a]\nusers=ghost\ndomains=*\nmethods=ask\n", NULL);
    const PstGrantsCaller root = {0, NULL, 0};

    g_assert_cmpstr(unknown[0], ==, "configuration: [grant web] users: nobody is called 'ghost'");
    g_assert_null(unknown[1]);
    /* A grant to nobody is a grant all the same: the others have none. */
    g_assert_false(pst_grants_allow(ghosts, &root, "web", PST_GRANT_ASK));
}

static void
test_refused(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[grant]\nusers=alice\ndomains=*\nmethods=ask\n", "say [grant NAME]"},
        {"[grnat x]\nusers=alice\ndomains=*\nmethods=ask\n", "no such group"},
        {"[access]\nusers=alice\n", "no such group"},
        {"[Grant x]\nusers=alice\ndomains=*\nmethods=ask\n", "say [grant NAME]"},
        {"[grants]\nusers=alice\n", "say [grant NAME]"},
        {"[grant x]\ndomains=*\nmethods=ask\n", "say whom"},
        {"[grant x]\nusers=alice\nmethods=ask\n", "domains: say which"},
        {"[grant x]\nusers=alice\ndomains=\nmethods=ask\n", "domains: say which"},
        {"[grant x]\nusers=alice\ndomains=*\n", "methods: say which"},
        {"[grant x]\nusers=alice\ndomains=*\nmethods=aks\n", "did you mean 'ask'"},
        {"[grant x]\nusers=alice\ndomains=*\nmethods=ask;recover\n", "unknown method 'recover'"},
        {"[grant x]\nusers=al\\ice\ndomains=*\nmethods=ask\n", "users: no list of names"},
        {"[grant x]\nuser=alice\ndomains=*\nmethods=ask\n", "did you mean 'users'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstGrants) grants = read_text(rows[i].text, &error);

        g_assert_null(grants);
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, rows[i].says));
    }
}

static void
test_needed(void)
{
    g_assert_cmpint(pst_grants_needed("file"), ==, PST_GRANT_READ);
    g_assert_cmpint(pst_grants_needed("list"), ==, PST_GRANT_READ);
    g_assert_cmpint(pst_grants_needed("sudo"), ==, PST_GRANT_ASK);
    g_assert_cmpint(pst_grants_needed("host"), ==, PST_GRANT_ASK);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/grants/table", test_table);
    g_test_add_func("/grants/all", test_all);
    g_test_add_func("/grants/changing", test_changing);
    g_test_add_func("/grants/found", test_found);
    g_test_add_func("/grants/none", test_none);
    g_test_add_func("/grants/unknown", test_unknown);
    g_test_add_func("/grants/refused", test_refused);
    g_test_add_func("/grants/needed", test_needed);
    return g_test_run();
}
