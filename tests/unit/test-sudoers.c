// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers-match.h"
#include "tests/unit/world.h"

static const char passwd[] = "root:x:0:0::/root:/bin/bash\nharness:x:1000:1000::/:/bin/bash\n";
static const char group[] = "root:x:0:\nadm:x:4:harness\nharness:x:1000:\n";

#define YES PST_SUDOERS_ALLOWED
#define DENIED PST_SUDOERS_DENIED
#define NONE PST_SUDOERS_NO_MATCH
#define UNSURE PST_SUDOERS_UNSURE

/* One policy, and what it says to harness on the host `guest`; ARGS of /usr/bin/true where they are
 * not NULL. Each row was tried on sudo 1.9.13p3, except for those that end unsure. */
static const struct {
    const char *policy;
    const char *args;
    PstSudoersMatch match;
    gboolean nopasswd;
    guint n_faults;
} rows[] = {
    {"harness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ALL", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ALL\r\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) ALL\n", NULL, YES, FALSE, 0},
    {"", NULL, NONE, FALSE, 0},
    {"foo bar baz\nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 1},
    {"harness ALL=(ALL NOPASSWD: ALL\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASSWD: ALL xx\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASSWD: ALL,\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) nopasswd: ALL\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASWD: ALL\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASSWD: true\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASSWD: ALL -x\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASSWD: ALL #1 yes\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(ALL) NOPASSWD: ALL # yes\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ALL#yes\n", NULL, YES, TRUE, 0},
    {"\xef\xbb\xbfharness ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"   harness   ALL = ( ALL ) NOPASSWD : ALL   \n", NULL, YES, TRUE, 0},
    {"harness\tALL=(ALL)\tNOPASSWD:\tALL\n", NULL, YES, TRUE, 0},
    {"root , harness ALL = (ALL) NOPASSWD: /usr/bin/id , ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) \\\n   NOPASSWD: \\\n\tALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) \\  \n   NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"# comment \\\nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/tr\\\nue\n", NULL, NONE, FALSE, 0},
    /* The last match decides, in the policy and in a line. */
    {"harness ALL=(ALL) NOPASSWD: ALL, !/usr/bin/true\n", NULL, DENIED, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: !/usr/bin/true, ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ALL\nharness ALL=(ALL) PASSWD: ALL\n", NULL, YES, FALSE, 0},
    {"harness ALL=(ALL) ALL\nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    /* Users. */
    {"%adm ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"%ADM ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"%#4 ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"%staff ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"\"%adm\" ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"#1000 ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"#1001 ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"Harness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harn\\ess ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"ALL, !harness ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"!harness, ALL ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"!!harness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"+admins ALL=(ALL) NOPASSWD: ALL\n", NULL, UNSURE, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ALL\n+admins ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ALL\n+admins ALL=(ALL) ALL\n", NULL, UNSURE, FALSE, 0},
    /* Aliases. */
    {"User_Alias A = root, harness\nA ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"A ALL=(ALL) NOPASSWD: ALL\nUser_Alias A = harness\n", NULL, YES, TRUE, 0},
    {"A ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"User_Alias A = harness : B = !A\nB ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"User_Alias A = !harness : B = !A\nB ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"User_Alias A = root\nUser_Alias A = harness\nA ALL=NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"User_Alias A = B : B = A\nA ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"User_Alias A = harness : B =\nA ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 1},
    {"User_Alias A = harness,\nA ALL=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 1},
    {"Cmd_Alias C = /usr/bin/true\nharness ALL=(ALL) NOPASSWD: C\n", NULL, YES, TRUE, 0},
    {"Cmnd_Alias C = /usr/bin/true\nharness ALL=NOPASSWD: ALL, !C\n", NULL, DENIED, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: C\n", NULL, NONE, FALSE, 0},
    /* Hosts. */
    {"harness guest=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness other=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"harness g*=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL,!guest=(ALL) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"harness 192.0.2.1=(ALL) NOPASSWD: ALL\n", NULL, UNSURE, TRUE, 0},
    {"harness fe80::1/64=(ALL) NOPASSWD: ALL\n", NULL, UNSURE, TRUE, 0},
    {"harness other=(ALL) ALL : ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    /* Target users. */
    {"harness ALL=(root) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(www-data) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"harness ALL=NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(:adm) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"harness ALL=() NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(root:) NOPASSWD: ALL\n", NULL, NONE, FALSE, 1},
    {"harness ALL=(#0) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL,!root) NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(www-data) NOPASSWD: /usr/bin/id, /usr/bin/true\n", NULL, NONE, FALSE, 0},
    /* Tags and options. */
    {"Defaults runas_default=www-data\nharness ALL=NOPASSWD: ALL\n", NULL, NONE, FALSE, 0},
    {"Defaults runas_default=www-data\nharness ALL=(root) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"Defaults runas_default=root\nharness ALL=NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/id, PASSWD: /usr/bin/true\n", NULL, YES, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/id, /usr/bin/true\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD:SETENV: NOEXEC : ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) TIMEOUT=5m CWD=* NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOTAFTER=20200101000000Z NOPASSWD: ALL\n", NULL, UNSURE, TRUE, 0},
    {"harness ALL=NOPASSWD: sha224:0123456789012345678901234567890123456789 ALL\n", NULL, UNSURE,
     TRUE, 0},
    /* Commands. */
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/id\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: /bin/true\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/t*e\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/*true\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: ^/usr/bin/(true|false)$\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: ^/usr/bin/(t|false)$\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: sudoedit /etc/motd\n", NULL, NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true -u\n", "-u", YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true -u\n", "-g", NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true \"\"\n", "-g", NONE, FALSE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true \"\"\n", NULL, YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true -*\n", "-u -n", YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true a\\:b\\,c\\=d\n", "a:b,c=d", YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true a=b\n", "a=b", YES, TRUE, 0},
    {"harness ALL=(ALL) NOPASSWD: /usr/bin/true ^a+$\n", "aaa", YES, TRUE, 0},
    /* Defaults that are not valid. */
    {"Defaults\nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 1},
    {"Defaults env_keep += \nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 1},
    {"Defaults : harness requiretty\nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 1},
    {"Defaults badpass_message=\"no, no # no\"\nharness ALL=NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
    {"Defaults env_keep += \"A B\"\nharness ALL=(ALL) NOPASSWD: ALL\n", NULL, YES, TRUE, 0},
};

typedef struct {
    PstAccounts *accounts;
    PstSudoers *sudoers;
    GArray *groups;
    PstSudoersQuestion question;
} Asked;

static void
ask(const World *world, const char *policy, const char *args, Asked *asked)
{
    g_autofree char *bin = place(world, "/bin");

    if (!g_file_test(bin, G_FILE_TEST_IS_SYMLINK)) {
        put_text(world, "/etc/passwd", passwd);
        put_text(world, "/etc/group", group);
        put_text(world, "/usr/bin/true", "");
        put_text(world, "/usr/bin/id", "");
        g_assert_cmpint(symlink("usr/bin", bin), ==, 0);
    }
    put_text(world, "/etc/sudoers", policy);

    asked->accounts = pst_accounts_load(world->sysroot, NULL);
    asked->sudoers = pst_sudoers_read(world->sysroot, "/etc/sudoers", "guest.example.org");
    const PstAccount *user = pst_accounts_find(asked->accounts, "harness");
    asked->groups = pst_accounts_groups(asked->accounts, user);
    /* The test's files belong to whoever runs it, and count all the same. */
    asked->question = (PstSudoersQuestion){
        .sysroot = world->sysroot,
        .accounts = asked->accounts,
        .user = user,
        .groups = asked->groups,
        .runas = pst_accounts_find(asked->accounts, "root"),
        .host = "guest.example.org",
        .command = "/usr/bin/true",
        .args = args,
        .all_files = TRUE,
    };
}

static void
forget(Asked *asked)
{
    pst_sudoers_free(asked->sudoers);
    g_array_unref(asked->groups);
    pst_accounts_free(asked->accounts);
}

static void
test_match(World *world, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Asked asked;

        ask(world, rows[i].policy, rows[i].args, &asked);
        PstSudoersAnswer answer = pst_sudoers_match(asked.sudoers, &asked.question);
        g_test_message("row %u: %s", i, rows[i].policy);
        for (guint j = 0; j < asked.sudoers->faults->len; j++)
            g_test_message("fault: %s",
                           ((PstSudoersFault *)asked.sudoers->faults->pdata[j])->fault);
        g_assert_cmpint(answer.match, ==, rows[i].match);
        if (answer.match == YES || answer.match == UNSURE)
            g_assert_cmpint(answer.nopasswd == PST_SUDOERS_YES, ==, rows[i].nopasswd);
        g_assert_cmpuint(asked.sudoers->faults->len, ==, rows[i].n_faults);
        forget(&asked);
    }
}

/* Also tried on sudo 1.9.13p3, but for the runas scope. */
static void
test_defaults(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *policy;
        gboolean set;
    } defaults[] = {
        {"Defaults requiretty\n", TRUE},
        {"Defaults:harness requiretty\n", TRUE},
        {"Defaults:root requiretty\n", FALSE},
        {"Defaults:%adm requiretty\n", TRUE},
        {"Defaults requiretty\nDefaults:harness !requiretty\n", FALSE},
        {"Defaults:harness !requiretty\nDefaults requiretty\n", TRUE},
        {"Defaults>root requiretty\nDefaults !requiretty\n", TRUE},
        {"Defaults!/usr/bin/true requiretty\nDefaults !requiretty\n", TRUE},
        {"Defaults!/usr/bin/id requiretty\n", FALSE},
        {"Defaults@guest requiretty\n", TRUE},
        {"Defaults@other requiretty\n", FALSE},
        {"Defaults !lecture, requiretty,timestamp_timeout=0\n", TRUE},
        {"Defaults !lecture, requiretty timestamp_timeout=0\n", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(defaults); i++) {
        Asked asked;

        ask(world, defaults[i].policy, NULL, &asked);
        g_test_message("%s", defaults[i].policy);
        g_assert_cmpint(pst_sudoers_match_flag(asked.sudoers, &asked.question, "requiretty", FALSE),
                        ==, defaults[i].set);
        forget(&asked);
    }
}

static const PstSudoersFile *
file_called(const PstSudoers *sudoers, const char *path)
{
    for (guint i = 0; i < sudoers->files->len; i++) {
        const PstSudoersFile *file = sudoers->files->pdata[i];
        if (g_str_equal(file->path, path))
            return file;
    }
    return NULL;
}

static void
test_includes(World *world, gconstpointer data G_GNUC_UNUSED)
{
    Asked asked;

    put_text(world, "/etc/sudoers.d/b", "harness ALL=(ALL) NOPASSWD: ALL\n");
    put_text(world, "/etc/sudoers.d/a.dot", "harness ALL=(ALL) ALL\n");
    put_text(world, "/etc/sudoers.d/z~", "harness ALL=(ALL) ALL\n");
    put_text(world, "/etc/x y", "User_Alias X = root\n");
    put_text(world, "/etc/host-guest", "User_Alias Y = root\n");
    put_text(world, "/etc/loop", "@include loop\n");
    ask(world,
        "@include \"/etc/x y\"\n@include host-%h\n@include /etc/nope\n@include loop\n"
        " #include /etc/comment\n#includedir /etc/sudoers.d\n@includedir /etc/none\n",
        NULL, &asked);

    g_assert_nonnull(file_called(asked.sudoers, "/etc/x y"));
    g_assert_nonnull(file_called(asked.sudoers, "/etc/host-guest"));
    g_assert_null(file_called(asked.sudoers, "/etc/comment"));
    g_assert_cmpint(file_called(asked.sudoers, "/etc/nope")->state, ==, PST_SUDOERS_MISSING);
    g_assert_cmpuint(file_called(asked.sudoers, "/etc/nope")->from_line, ==, 3);
    g_assert_cmpint(file_called(asked.sudoers, "/etc/none")->state, ==, PST_SUDOERS_MISSING);
    g_assert_cmpint(file_called(asked.sudoers, "/etc/sudoers.d/a.dot")->state, ==,
                    PST_SUDOERS_SKIPPED_NAME);
    g_assert_cmpint(file_called(asked.sudoers, "/etc/sudoers.d/z~")->state, ==,
                    PST_SUDOERS_SKIPPED_NAME);
    /* Only the loop is at fault. */
    g_assert_cmpuint(asked.sudoers->faults->len, ==, 1);
    forget(&asked);
}

/* Every byte sequence is read to its end: no policy crashes the reader. */
static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    for (guint round = 0; round < 300; round++) {
        char bytes[201] = {0};
        Asked asked;

        for (guint i = 0; i < 200; i++)
            bytes[i] = g_test_rand_int_range(0, 3) == 0
                           ? (char)g_test_rand_int_range(1, 256)
                           : " \t\n\\\"!%+#:=,()^$/@ALLDefaults_includeharnessNOPASSWD"
                                 [g_test_rand_int_range(0, 53)];
        ask(world, bytes, NULL, &asked);
        pst_sudoers_match(asked.sudoers, &asked.question);
        pst_sudoers_match_default(asked.sudoers, &asked.question, "requiretty");
        forget(&asked);
    }
}

static void
test_judge(void)
{
    static const struct {
        mode_t mode;
        uid_t uid;
        gid_t gid;
        gboolean folder;
        PstSudoersFileState state;
    } files[] = {
        {S_IFREG | 0440, 0, 0, FALSE, PST_SUDOERS_COUNTS},
        {S_IFREG | 0644, 0, 0, FALSE, PST_SUDOERS_COUNTS},
        {S_IFREG | 0400, 0, 5, FALSE, PST_SUDOERS_COUNTS},
        {S_IFREG | 0460, 0, 0, FALSE, PST_SUDOERS_COUNTS},
        {S_IFREG | 0460, 0, 4, FALSE, PST_SUDOERS_GROUP_WRITABLE},
        {S_IFREG | 0442, 0, 0, FALSE, PST_SUDOERS_WORLD_WRITABLE},
        {S_IFREG | 0440, 1000, 0, FALSE, PST_SUDOERS_WRONG_OWNER},
        {S_IFDIR | 0755, 0, 0, FALSE, PST_SUDOERS_WRONG_TYPE},
        {S_IFDIR | 0755, 0, 0, TRUE, PST_SUDOERS_COUNTS},
        {S_IFDIR | 0775, 0, 0, TRUE, PST_SUDOERS_COUNTS},
        {S_IFDIR | 0777, 0, 0, TRUE, PST_SUDOERS_WORLD_WRITABLE},
        {S_IFREG | 0755, 0, 0, TRUE, PST_SUDOERS_WRONG_TYPE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        const struct stat st = {
            .st_mode = files[i].mode, .st_uid = files[i].uid, .st_gid = files[i].gid};
        g_test_message("row %u", i);
        g_assert_cmpint(pst_sudoers_judge(&st, files[i].folder), ==, files[i].state);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/sudoers/match", World, NULL, set_up, test_match, tear_down);
    g_test_add("/sudoers/defaults", World, NULL, set_up, test_defaults, tear_down);
    g_test_add("/sudoers/includes", World, NULL, set_up, test_includes, tear_down);
    g_test_add("/sudoers/garbage", World, NULL, set_up, test_garbage, tear_down);
    g_test_add_func("/sudoers/judge", test_judge);
    return g_test_run();
}
