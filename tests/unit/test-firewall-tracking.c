// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-tracking.h"

#include "protocol/report-firewall.h"
#include "tests/unit/world.h"

#define FOLDER "/proc/sys/net/netfilter/"

static void
test_table(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *count, *max; /* NULL: no such file */
        gint64 tracked;
        gboolean full;
    } rows[] = {
        {NULL, NULL, PST_INT_UNKNOWN, FALSE},
        {"12\n", "65536\n", 12, FALSE},
        {"65535\n", "65536\n", 65535, FALSE},
        {"65536\n", "65536\n", 65536, TRUE},
        {"65540\n", "65536\n", 65540, TRUE},
        {"12\n", "0\n", 12, FALSE},
        {"12\n", NULL, 12, FALSE},
        {"rubbish\n", "1\n", PST_INT_UNKNOWN, FALSE},
        {"12\n", "-1\n", 12, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PstProbeContext context = {world->sysroot, G_MAXINT64};
        g_autoptr(PstReport) report = pst_report_new(&pst_report_firewall_kind);
        const PstFirewallData *found = report->data;

        g_test_message("row %u", i);
        remove_path(world, FOLDER);
        if (rows[i].count != NULL)
            put_text(world, FOLDER "nf_conntrack_count", rows[i].count);
        if (rows[i].max != NULL)
            put_text(world, FOLDER "nf_conntrack_max", rows[i].max);
        pst_firewall_tracking_judge(&context, report);
        g_assert_cmpint(found->tracked, ==, rows[i].tracked);
        g_assert_cmpuint(report->findings->len, ==, rows[i].full);
        if (rows[i].full)
            g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==,
                            "firewall.tracking-full");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/firewall-tracking/table", World, NULL, set_up, test_table, tear_down);
    return g_test_run();
}
