// SPDX-License-Identifier: LGPL-2.1-or-later
/* What two samples of a guest's counters say together. */
#include "host-sidecar/host-compare.h"

static PstHostData *
sample(gint64 used_ms, gint64 waited_ms, gint64 requests)
{
    PstHostData *data = pst_fields_new(pst_report_host_kind.data);
    PstHostCpu *cpu = pst_fields_append(&pst_report_host_cpu_fields, &data->cpus);
    PstHostDisk *disk = pst_fields_append(&pst_report_host_disk_fields, &data->disks);

    cpu->used_ms = used_ms;
    cpu->waited_ms = waited_ms;
    disk->name = g_strdup("vda");
    disk->requests = requests;
    return data;
}

static void
check_compared(gint64 used_ms, gint64 waited_ms, gint64 progress_ms, gint64 busy_percent)
{
    PstHostData *before = sample(1000, 500, 70), *after = sample(used_ms, waited_ms, 72);
    const PstHostCpu *cpu = after->cpus->pdata[0];

    pst_host_compare(before, after, 2000);
    g_assert_cmpint(after->watched_ms, ==, 2000);
    g_assert_cmpint(cpu->progress_ms, ==, progress_ms);
    g_assert_cmpint(cpu->busy_percent, ==, busy_percent);
    g_assert_cmpint(((PstHostDisk *)after->disks->pdata[0])->progress, ==, 2);
    pst_fields_free(pst_report_host_kind.data, before);
    pst_fields_free(pst_report_host_kind.data, after);
}

/* A processor that waits for one of the host's is as busy as one that has it. */
static void
test_compare(void)
{
    check_compared(1500, 500, 500, 25);
    check_compared(1500, 2000, 500, 100);
    check_compared(1500, PST_INT_UNKNOWN, 500, 25);
    check_compared(1000, 500, 0, 0);
    check_compared(9000, 500, 8000, 100);
    check_compared(10, 0, PST_INT_UNKNOWN, PST_INT_UNKNOWN);
    check_compared(PST_INT_UNKNOWN, 0, PST_INT_UNKNOWN, PST_INT_UNKNOWN);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-compare/compare", test_compare);
    return g_test_run();
}
