// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "host-sidecar/host-lifecycle.h"
#include "host-sidecar/lifecycle-stills.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)

static const PstHostLifecycle *
row_at(const PstHostData *data, guint i)
{
    return data->lifecycle->pdata[i];
}

static void
note(PstLifecycle *lifecycle, int state, int reason, gint64 id, gint64 seen_us)
{
    const PstLifecycleSight sight = {state, reason, id, seen_us, FALSE};

    g_assert_cmpint(pst_lifecycle_note(lifecycle, &sight, seen_us - SECOND), ==,
                    PST_LIFECYCLE_NEWS);
}

/* libvirt's numbers become words, the oldest first; what is told again replaces what was. */
static void
test_tell(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();
    PstHostData *data = pst_fields_new(pst_report_host_kind.data);

    pst_host_lifecycle_tell(data, lifecycle, NOW);
    g_assert_null(data->lifecycle);
    note(lifecycle, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, 4, NOW - 60 * SECOND);
    note(lifecycle, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, 5, NOW - 50 * SECOND);
    pst_host_lifecycle_tell(data, lifecycle, NOW);
    g_assert_cmpuint(data->lifecycle->len, ==, 2);
    note(lifecycle, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, PST_INT_UNKNOWN, NOW);
    note(lifecycle, 99, 77, PST_INT_UNKNOWN, NOW + SECOND);
    pst_host_lifecycle_tell(data, lifecycle, NOW);

    g_assert_cmpuint(data->lifecycle->len, ==, 4);
    g_assert_cmpstr(row_at(data, 0)->state, ==, "running");
    g_assert_cmpstr(row_at(data, 0)->reason, ==, "booted");
    g_assert_cmpint(row_at(data, 0)->restarted, ==, PST_TRI_UNKNOWN);
    g_assert_cmpint(row_at(data, 0)->age_ms, ==, 60000);
    g_assert_cmpint(row_at(data, 0)->seen_us, ==, NOW - 60 * SECOND);
    g_assert_cmpint(row_at(data, 0)->before_us, ==, PST_INT_UNKNOWN);
    g_assert_cmpint(row_at(data, 1)->restarted, ==, PST_TRI_YES);
    g_assert_cmpint(row_at(data, 1)->before_us, ==, NOW - 51 * SECOND);
    g_assert_cmpstr(row_at(data, 2)->state, ==, "off");
    g_assert_cmpstr(row_at(data, 2)->reason, ==, "destroyed");
    g_assert_cmpint(row_at(data, 2)->restarted, ==, PST_TRI_UNKNOWN);
    g_assert_cmpint(row_at(data, 2)->age_ms, ==, 0);
    /* Of a libvirt that is newer than this. */
    g_assert_cmpstr(row_at(data, 3)->state, ==, "of unknown state");
    g_assert_null(row_at(data, 3)->reason);
    g_assert_cmpint(row_at(data, 3)->age_ms, ==, 0);
    pst_fields_free(pst_report_host_kind.data, data);
}

/* What is not known of a pause does not count, nor what a guest counts itself. */
static void
test_stills(void)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();
    g_autoptr(GArray) none = pst_lifecycle_stills(lifecycle);

    g_assert_cmpuint(none->len, ==, 0);
    note(lifecycle, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, 4, NOW - 600 * SECOND);
    note(lifecycle, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED, 4, NOW - 500 * SECOND);
    note(lifecycle, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SAVED, PST_INT_UNKNOWN,
         NOW - 400 * SECOND);
    note(lifecycle, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_RESTORED, 5, NOW - 300 * SECOND);
    note(lifecycle, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, PST_INT_UNKNOWN,
         NOW - 250 * SECOND);
    note(lifecycle, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, 6, NOW - 240 * SECOND);
    note(lifecycle, VIR_DOMAIN_PMSUSPENDED, 0, 6, NOW - 230 * SECOND);
    note(lifecycle, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_WAKEUP, 6, NOW - 220 * SECOND);
    /* It is paused still. */
    note(lifecycle, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, 6, NOW - 200 * SECOND);
    g_autoptr(GArray) stills = pst_lifecycle_stills(lifecycle);

    /* note() looked a second before each. */
    g_assert_cmpuint(stills->len, ==, 2);
    g_assert_cmpint(g_array_index(stills, PstRecordStill, 0).from_us, ==, NOW - 600 * SECOND);
    g_assert_cmpint(g_array_index(stills, PstRecordStill, 0).until_us, ==, NOW - 501 * SECOND);
    g_assert_cmpint(g_array_index(stills, PstRecordStill, 1).from_us, ==, NOW - 400 * SECOND);
    g_assert_cmpint(g_array_index(stills, PstRecordStill, 1).until_us, ==, NOW - 301 * SECOND);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-lifecycle/tell", test_tell);
    g_test_add_func("/host-lifecycle/stills", test_stills);
    return g_test_run();
}
