// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/exec-policy.h"
#include "protocol/error.h"

#define ON "[exec]\nallow=yes\n"

static PstExecPolicy *
parse(const char *text)
{
    g_autoptr(PstConfig) config = pst_config_new();

    pst_config_add(config, "FILE", text, strlen(text));
    return pst_exec_policy_read(config);
}

/* 0 where TEXT allows commands, else the error's code. */
static int
whether(const char *text)
{
    g_autoptr(PstExecPolicy) policy = parse(text);
    g_autoptr(GError) error = NULL;

    return pst_exec_policy_check(policy, FALSE, &error) ? 0 : error->code;
}

static void
test_allow(void)
{
    g_autoptr(PstExecPolicy) parsed = parse("");
    g_autoptr(PstExecPolicy) forbidden = parse("[exec]\nallow=no\n");

    g_assert_cmpint(whether(""), ==, PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(whether("[exec]\nusers=root\n"), ==, PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(whether("[exec]\nallow=no\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(whether(ON), ==, 0);
    g_assert_cmpint(whether(ON "allow=no\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_true(pst_exec_policy_check(parsed, TRUE, NULL));
    g_assert_false(pst_exec_policy_check(parsed, FALSE, NULL));
    g_assert_false(pst_exec_policy_check(forbidden, TRUE, NULL));
    /* What is not understood may have meant less. */
    g_assert_cmpint(whether("[exec]\nallow=true\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(whether(ON "program=/bin/true\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(whether(ON "programs=true\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(whether(ON "[exce]\n"), ==, PST_ERROR_NOT_ALLOWED);
    /* Nor is a limit that stands in another group, where it limits nothing. */
    g_assert_cmpint(whether(ON "[read]\nprograms=/bin/true\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(whether(ON "[check a]\nusers=root\n"), ==, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(whether(ON "[read]\nallow=/etc\n[private]\nunits=a\n[recorder]\nusers=a\n"
                               "[check a]\ncommand=/bin/true\n"),
                    ==, 0);
}

static gboolean
allows_user(const char *text, const char *name)
{
    g_autoptr(PstExecPolicy) policy = parse(text);

    return pst_exec_policy_check_user(policy, name, NULL);
}

static gboolean
allows_program(const char *text, const char *path)
{
    g_autoptr(PstExecPolicy) policy = parse(text);

    return pst_exec_policy_check_program(policy, path, NULL);
}

static gboolean
allows_variable(const char *text, const char *word)
{
    g_autoptr(PstExecPolicy) policy = parse(text);
    char *env[] = {(char *)word, NULL};

    return pst_exec_policy_check_environment(policy, env, NULL);
}

static void
test_users(void)
{
    g_assert_true(allows_user(ON, "root"));
    g_assert_true(allows_user(ON "users=root; harness\n", "harness"));
    g_assert_false(allows_user(ON "users=root; harness\n", "harnes"));
    /* Nobody is somebody else than everybody. */
    g_assert_false(allows_user(ON "users=\n", "root"));
}

static void
test_programs(void)
{
    g_assert_true(allows_program(ON, "/tmp/x"));
    g_assert_true(allows_program(ON "programs=/usr/bin/true\n", "/usr/bin/true"));
    g_assert_false(allows_program(ON "programs=/usr/bin/true\n", "/usr/bin/truer"));
    g_assert_false(allows_program(ON "programs=/usr/bin/true\n", "/home/usr/bin/true"));
    g_assert_true(allows_program(ON "programs=/usr/bin/zfs*\n", "/usr/bin/zfs-mount"));
    g_assert_false(allows_program(ON "programs=/usr/bin/*\n", "/usr/local/bin/x"));
    g_assert_true(allows_program(ON "folders=/opt/undo\n", "/opt/undo/a/b"));
    g_assert_false(allows_program(ON "folders=/opt/undo\n", "/opt/undone/b"));
    g_assert_true(allows_program(ON "programs=/bin/a\nfolders=/opt\n", "/opt/b"));
    g_assert_false(allows_program(ON "programs=\n", "/bin/a"));
}

static void
test_environment(void)
{
    g_assert_true(allows_variable(ON, "LD_PRELOAD=/x"));
    g_assert_false(allows_variable(ON "programs=/bin/a\n", "LD_PRELOAD=/x"));
    g_assert_false(allows_variable(ON "folders=/bin\n", "PATH=/x"));
    g_assert_true(allows_variable(ON "folders=/bin\n", "LC_ALL=C"));
    g_assert_false(allows_variable(ON "folders=/bin\n", "LANGX=C"));
    g_assert_true(allows_variable(ON "folders=/bin\nenvironment=A*\n", "ABC=1"));
    g_assert_false(allows_variable(ON "environment=A\n", "ABC=1"));
    g_assert_false(allows_variable(ON "environment=\n", "LANG=C"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exec-policy/allow", test_allow);
    g_test_add_func("/exec-policy/users", test_users);
    g_test_add_func("/exec-policy/programs", test_programs);
    g_test_add_func("/exec-policy/environment", test_environment);
    return g_test_run();
}
