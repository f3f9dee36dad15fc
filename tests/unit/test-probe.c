// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe.h"
#include "protocol/error.h"
#include "protocol/vocabulary.h"

/* Every kind of report that is asked of guests has a probe that gives it, once. */
static void
test_table(void)
{
    guint n = 0;

    for (guint i = 0; i < pst_vocabulary_n; i++) {
        g_autoptr(GError) error = NULL;

        if (pst_vocabulary[i]->derived) {
            g_assert_null(pst_probe_require(pst_vocabulary[i]->name, &error));
            g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
            continue;
        }
        n++;
        const PstProbe *probe = pst_probe_require(pst_vocabulary[i]->name, &error);

        g_assert_no_error(error);
        g_assert_true(probe->kind == pst_vocabulary[i]);
        g_assert_nonnull(probe->run);
    }
    g_assert_cmpuint(pst_probe_table_n, ==, n);
}

static void
test_unknown(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_probe_require("netwrok", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    g_assert_nonnull(strstr(error->message, "'network'"));
}

static void
test_time_left(void)
{
    const PstProbeContext late = {NULL, pst_boot_clock_us() - G_USEC_PER_SEC};
    const PstProbeContext soon = {NULL, pst_boot_clock_us() + 2 * G_USEC_PER_SEC};
    const PstProbeContext far = {NULL, pst_boot_clock_us() + 60 * G_USEC_PER_SEC};

    g_assert_cmpint(pst_probe_time_left_ms(&late, 3000), ==, 1);
    g_assert_cmpint(pst_probe_time_left_ms(&soon, 3000), >, 1000);
    g_assert_cmpint(pst_probe_time_left_ms(&soon, 3000), <, 2000);
    g_assert_cmpint(pst_probe_time_left_ms(&far, 3000), ==, 3000);
}

static void
test_unlooked(void)
{
    g_autoptr(PstReport) report = pst_report_new(pst_vocabulary_find("network"));
    g_autoptr(GError) cause = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "/x: it broke");
    const PstFinding *finding =
        pst_probe_add_unlooked(report, "network.could-not-look", "the routes", cause);

    pst_report_conclude(report, "fine");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpstr(finding->message, ==, "could not look at the routes: /x: it broke");
    g_assert_cmpstr(finding->evidence->error, ==, "/x: it broke");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/probe/table", test_table);
    g_test_add_func("/probe/unknown", test_unknown);
    g_test_add_func("/probe/time-left", test_time_left);
    g_test_add_func("/probe/unlooked", test_unlooked);
    return g_test_run();
}
