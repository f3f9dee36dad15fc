// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/policy.h"

/* Those that postern comes with are sound. */
static void
test_shipped(void)
{
    static const char *const names[] = {"reachable", "baseline", "stig-safe"};
    g_autofree char *folder =
        g_build_filename(g_getenv("G_TEST_SRCDIR"), "..", "host-sidecar", "policies", NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    gboolean alone = FALSE;

    g_setenv("POSTERN_POLICIES", folder, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstPolicy) policy = pst_policy_load(names[i], &error);

        g_assert_no_error(error);
        g_assert_cmpstr(policy->name, ==, names[i]);
        g_auto(GStrv) problems = pst_policy_lint(policy, now);
        g_assert_null(problems[0]);
        g_assert_true((pst_policy_compares(policy, &alone) == NULL) ==
                      g_str_equal(names[i], "reachable"));
        g_assert_true(alone == g_str_equal(names[i], "baseline"));
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy-shipped/sound", test_shipped);
    return g_test_run();
}
