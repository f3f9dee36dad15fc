// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/sshd-check.h"
#include "guest-shim/sshd-config.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

static const char *
value_at(const PstSshdConfig *config, const char *keyword, guint n)
{
    const PstSshdDirective *directive = pst_sshd_config_get(config, keyword, n);

    return directive != NULL ? directive->value : NULL;
}

static void
test_config(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/ssh/sshd_config",
             "# Port 1\nPort 22\n\tport=23 # why\nPort \"24\"\n"
             "Include sshd_config.d/*.conf /etc/ssh/other\nBanner a#b\n"
             "Match User x\n  Port 99\n");
    put_text(world, "/etc/ssh/sshd_config.d/20.conf", "Port 26\nMatch all\nPort 98\n");
    put_text(world, "/etc/ssh/sshd_config.d/10.conf", "Port 25\n");
    put_text(world, "/etc/ssh/sshd_config.d/30.disabled", "Port 97\n");
    put_text(world, "/etc/ssh/sshd_config.d/.40.conf", "Port 96\n");
    put_text(world, "/etc/ssh/other", "Port 27");
    g_autoptr(PstSshdConfig) config = pst_sshd_config_load(world->sysroot, NULL);
    const char *const ports[] = {"22", "23", "24", "25", "26", "27", NULL};

    for (guint i = 0; i < G_N_ELEMENTS(ports); i++)
        g_assert_cmpstr(value_at(config, "port", i), ==, ports[i]);
    g_assert_cmpstr(value_at(config, "banner", 0), ==, "a#b");
    g_assert_cmpuint(pst_sshd_config_get(config, "port", 4)->line, ==, 1);
    g_assert_cmpstr(pst_sshd_config_get(config, "port", 4)->path, ==,
                    "/etc/ssh/sshd_config.d/20.conf");
}

static void
test_config_loop(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/ssh/sshd_config", "Port 22\nInclude /etc/ssh/*\nInclude /etc/ssh/*\n");
    g_autoptr(PstSshdConfig) config = pst_sshd_config_load(world->sysroot, NULL);

    g_assert_nonnull(config);
    g_assert_cmpstr(value_at(config, "port", 0), ==, "22");
}

static void
test_config_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_sshd_config_load(world->sysroot, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

static const struct {
    const char *file;
    PstSshdCheckVerdict verdict;
    const char *path;
    guint line;
    const char *text;
} transcripts[] = {
    {"bad-option", PST_SSHD_CHECK_LINE, "/etc/ssh/sshd_config", 10,
     "Bad configuration option: Prot"},
    {"bad-value", PST_SSHD_CHECK_LINE, "/etc/ssh/sshd_config.d/50-x.conf", 2,
     "unsupported option \"maybe\""},
    {"bad-match", PST_SSHD_CHECK_LINE, "/etc/ssh/sshd_config", 1, "Bad Match condition"},
    {"deprecated", PST_SSHD_CHECK_LINE, "/etc/ssh/sshd_config", 124, "Badly formatted port number"},
    {"not-in-match", PST_SSHD_CHECK_LINE, "/etc/ssh/sshd_config", 124,
     "Directive 'ListenAddress' is not allowed within a Match block"},
    {"no-folder", PST_SSHD_CHECK_NO_FOLDER, NULL, 0,
     "Missing privilege separation directory: /run/sshd"},
    {"no-keys", PST_SSHD_CHECK_NO_KEYS, NULL, 0, "sshd: no hostkeys available -- exiting."},
    {"key-mode", PST_SSHD_CHECK_NO_KEYS, NULL, 0, "sshd: no hostkeys available -- exiting."},
    {"config-denied", PST_SSHD_CHECK_BLIND, NULL, 0, "/etc/ssh/sshd_config: Permission denied"},
    {"key-denied", PST_SSHD_CHECK_NO_KEYS, NULL, 0, "sshd: no hostkeys available -- exiting."},
    {"no-file", PST_SSHD_CHECK_OTHER, NULL, 0, "/etc/ssh/sshd_config: No such file or directory"},
    {"no-user", PST_SSHD_CHECK_OTHER, NULL, 0, "Privilege separation user sshd does not exist"},
    {"bad-address", PST_SSHD_CHECK_OTHER, NULL, 0,
     "bad addr or host: 1.2.3.4.5 (Name or service not known)"},
};

/* What OpenSSH 9.2 really said. */
static void
test_transcripts(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(transcripts); i++) {
        g_autofree char *name = g_strconcat(transcripts[i].file, ".txt", NULL);
        g_autofree char *path =
            g_test_build_filename(G_TEST_DIST, "data", "sshd-check", name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;

        g_file_get_contents(path, &text, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(PstSshdCheck) check = pst_sshd_check_parse(255, text);
        g_test_message("%s", transcripts[i].file);
        g_assert_cmpint(check->verdict, ==, transcripts[i].verdict);
        g_assert_cmpstr(check->path, ==, transcripts[i].path);
        g_assert_cmpuint(check->line, ==, transcripts[i].line);
        g_assert_cmpstr(check->text, ==, transcripts[i].text);
        g_assert_null(strchr(check->error, '\r'));

        g_autoptr(PstSshdCheck) fine = pst_sshd_check_parse(0, text);
        g_assert_cmpint(fine->verdict, ==, PST_SSHD_CHECK_OK);
    }
    g_autoptr(PstSshdCheck) silent = pst_sshd_check_parse(127, "");
    g_assert_cmpint(silent->verdict, ==, PST_SSHD_CHECK_BLIND);
    g_assert_cmpstr(silent->text, ==, "");
}

#define ADD(name, function) g_test_add("/sshd/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("config", test_config);
    ADD("config-loop", test_config_loop);
    ADD("config-absent", test_config_absent);
    g_test_add_func("/sshd/transcripts", test_transcripts);
    return g_test_run();
}
