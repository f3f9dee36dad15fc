// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "host-sidecar/host-lifecycle.h"

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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-lifecycle/tell", test_tell);
    return g_test_run();
}
