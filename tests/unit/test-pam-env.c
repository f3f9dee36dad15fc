// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-env.h"
#include "guest-shim/pam-path.h"
#include "tests/unit/world.h"

#define CONF "/etc/security/pam_env.conf"
#define PASSES PST_PAM_ENV_PASSES
#define UNSURE PST_PAM_ENV_UNSURE
#define FAILS PST_PAM_ENV_FAILS
#define OLDER "Unable to open config file: %s: %m"

/* What sshd's login came to on Debian 12 (1.5.2) and 13 (1.7.0) with each of them. */
static const struct {
    const char *text;
    PstPamEnvVerdict older, newer;
    guint line;
} rows[] = {
    {"", PASSES, PASSES, 0},
    {"# X DEFAULT=${\n#\\\n", PASSES, PASSES, 0},
    {"X DEFAULT=a\nPATH DEFAULT=${HOME}/bin OVERRIDE=@{PAM_RHOST}\n", PASSES, PASSES, 0},
    {"X DEFAULT=${", FAILS, FAILS, 1},
    {"# mine\nX OVERRIDE=@{A\nY DEFAULT=1\n", FAILS, FAILS, 2},
    {"X DEFAULT=${A}${\n", FAILS, FAILS, 1},
    {"X DEFAULT=\"${\" OVERRIDE=c\n", FAILS, FAILS, 1},
    {"X\tDEFAULT=a\tOVERRIDE=${\n", FAILS, FAILS, 1},
    {"X DEFAULT=a \\\n# on\n OVERRIDE=${\n", FAILS, FAILS, 1},
    {"X DEFAULT=\\${\n", PASSES, PASSES, 0},
    {"X DEFAULT=$A\nY DEFAULT=@\nZ DEFAULT={\n", PASSES, PASSES, 0},
    {"X DEFAULT=\"${a b}\"\n", PASSES, PASSES, 0},
    {"X DEFAULT=a#b ${\n", PASSES, PASSES, 0},
    {"X DEFAULT=a\\", FAILS, PASSES, 1},
    {"X BAD=${\n", PASSES, FAILS, 1},
    {"X BAD=${\nY DEFAULT=1\n", PASSES, PASSES, 0},
    {"X FOO\n\n# end\n", PASSES, FAILS, 1},
    {"X DEFAULT=\"abc\n", PASSES, FAILS, 1},
    {"X DEFAULT=\"a\"b\n", PASSES, FAILS, 1},
    {"X DEFAULT=1  \n", PASSES, FAILS, 1},
    {"  X DEFAULT=${\n", PASSES, FAILS, 1},
    {"\tX DEFAULT=1\n", PASSES, UNSURE, 1},
    {"  X DEFAULT=1\nY DEFAULT=1\n", PASSES, PASSES, 0},
    {"X DEFAULT=${a b}\n", PASSES, FAILS, 1},
    {"=x DEFAULT=1\n", PASSES, FAILS, 1},
    {"X\n", PASSES, UNSURE, 1},
    {"X DEFAULT=\n", PASSES, UNSURE, 1},
    {"X\nY DEFAULT=1\n", PASSES, PASSES, 0},
};

static void
test_read(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = NULL, *again = NULL;
        guint line = 0, later = 0;

        g_test_message("row %u", i);
        g_assert_cmpint(pst_pam_env_read(rows[i].text, TRUE, &line, &name), ==, rows[i].older);
        if (rows[i].older != PASSES)
            g_assert_cmpuint(line, ==, rows[i].line);
        g_assert_cmpint(pst_pam_env_read(rows[i].text, FALSE, &later, &again), ==, rows[i].newer);
        if (rows[i].newer != PASSES)
            g_assert_cmpuint(later, ==, rows[i].line);
    }
}

/* The older buffer holds so much, also of a comment. */
static void
test_long(void)
{
    g_autofree char *much = g_strnfill(8200, 'a');
    g_autofree char *less = g_strnfill(8100, 'a');
    g_autofree char *long_one = g_strdup_printf("Y DEFAULT=1\n# %s\n", much);
    g_autofree char *short_one = g_strdup_printf("Y DEFAULT=1\n# %s\n", less);
    const struct {
        const char *text;
        gboolean older;
        PstPamEnvVerdict verdict;
    } files[] = {{long_one, TRUE, FAILS}, {long_one, FALSE, PASSES}, {short_one, TRUE, PASSES}};

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *name = NULL;
        guint line;

        g_assert_cmpint(pst_pam_env_read(files[i].text, files[i].older, &line, &name), ==,
                        files[i].verdict);
    }
}

static int
answer_of(const World *world, const char *module, const char *args, PstPamRuling *ruling)
{
    const PstAccount user = {.name = (char *)"harness", .uid = 1000, .home = (char *)"/home/h"};
    const PstPamSubject subject = {.sysroot = world->sysroot, .user = &user};
    const PstPamLine line = {.file = (char *)"/etc/pam.d/sshd",
                             .line = 7,
                             .path = (char *)"/lib/security/pam_env.so",
                             .args = (char *)args};

    put_text(world, line.path, module);
    pst_pam_ruling_clear(ruling);
    return pst_pam_env_answer(&line, &subject, ruling);
}

static void
test_files(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(PstPamRuling) ruling = {0};

    g_assert_cmpint(answer_of(world, OLDER, "", &ruling), ==, PST_PAM_ANY);
    put_text(world, CONF, "# stock\n#X DEFAULT=${\n");
    put_text(world, "/home/h/.pam_environment", "Y DEFAULT=${\n");
    g_assert_cmpint(answer_of(world, OLDER, "envfile=/etc/default/locale", &ruling), ==,
                    PST_PAM_ANY);
    g_assert_null(ruling.path);
    g_assert_cmpint(answer_of(world, OLDER, "user_readenv=1", &ruling), ==, 26);
    g_assert_cmpstr(ruling.path, ==, "/home/h/.pam_environment");
    put_text(world, CONF, "A DEFAULT=1\nX DEFAULT=secret${\n");
    g_assert_cmpint(answer_of(world, OLDER, "", &ruling), ==, 26);
    g_assert_cmpstr(ruling.path, ==, CONF);
    g_assert_cmpuint(ruling.line, ==, 2);
    g_assert_cmpstr(ruling.id, ==, "pam.env-faulty");
    g_assert_null(strstr(ruling.why, "secret"));
    g_assert_cmpint(answer_of(world, OLDER, "conffile=/none", &ruling), ==, PST_PAM_ANY);
    /* Which version it is tells the module. */
    put_text(world, CONF, "X NOPE\n");
    g_assert_cmpint(answer_of(world, OLDER, "", &ruling), ==, PST_PAM_ANY);
    g_assert_cmpint(answer_of(world, "newer", "", &ruling), ==, 26);
    put_text(world, CONF, "X\n");
    g_assert_cmpint(answer_of(world, "newer", "", &ruling), ==, PST_PAM_ANY);
    g_assert_true(ruling.lack);
    g_assert_cmpstr(ruling.path, ==, CONF);
}

/* Nothing is expanded, and the last assignment counts. */
static void
test_path(void)
{
    static const struct {
        const char *text, *path;
        guint line;
    } paths[] = {
        {"", NULL, 0},
        {"LANG=C\n#PATH=/x\nMYPATH=/y\n", NULL, 0},
        {"PATH=/x:/y\n", "/x:/y", 1},
        {"PATH=\"$PATH:/x\"\n", "$PATH:/x", 1},
        {" export  PATH='/x'\nA=1\n", "/x", 1},
        {"PATH=/x\nPATH=/y # mine\n", "/y", 2},
        {"PATH=\n", "", 1},
        {"PATH=\"\n", "", 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        guint line = 0;
        g_autofree char *path = pst_pam_path_read(paths[i].text, &line);

        g_test_message("row %u", i);
        g_assert_cmpstr(path, ==, paths[i].path);
        g_assert_cmpuint(line, ==, paths[i].line);
    }
}

/* Only where there is a sudo elsewhere; the user's shell may set another. */
static void
test_without_sudo(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(PstPamRuling) ruling = {0};

    put_text(world, "/etc/environment", "PATH=/opt/bin\n");
    g_assert_cmpint(answer_of(world, OLDER, "", &ruling), ==, PST_PAM_ANY);
    g_assert_null(ruling.path);
    put_text(world, "/usr/bin/sudo", "");
    answer_of(world, OLDER, "", &ruling);
    g_assert_cmpstr(ruling.id, ==, "pam.path-without-sudo");
    g_assert_true(ruling.holds);
    answer_of(world, OLDER, "readenv=0", &ruling);
    g_assert_null(ruling.path);
    answer_of(world, OLDER, "envfile=/etc/default/locale", &ruling);
    g_assert_null(ruling.path);
    put_text(world, "/home/h/.bashrc", "export PATH=$PATH:/usr/bin\n");
    answer_of(world, OLDER, "", &ruling);
    g_assert_false(ruling.holds);
    g_assert_true(ruling.lack);
    put_text(world, "/opt/bin/sudo", "");
    answer_of(world, OLDER, "", &ruling);
    g_assert_null(ruling.path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pam-env/read", test_read);
    g_test_add_func("/pam-env/long", test_long);
    g_test_add_func("/pam-env/path", test_path);
    g_test_add("/pam-env/without-sudo", World, NULL, set_up, test_without_sudo, tear_down);
    g_test_add("/pam-env/files", World, NULL, set_up, test_files, tear_down);
    return g_test_run();
}
