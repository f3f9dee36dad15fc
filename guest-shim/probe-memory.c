// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-memory.h"

#include "guest-shim/bytes-text.h"
#include "guest-shim/memory-facts.h"
#include "guest-shim/memory-judge.h"

static char *
ok_summary(const PstMemoryData *data)
{
    const PstMemorySizes *sizes = data->sizes;

    if (sizes == NULL)
        return g_strdup("nothing is used up");
    g_autofree char *left = pst_bytes_text(MAX(0, sizes->available_bytes));
    g_autofree char *total = pst_bytes_text(MAX(0, sizes->total_bytes));
    return g_strdup_printf("%s of %s of memory are left", left, total);
}

void
pst_probe_memory_run(const PstProbeContext *context, gconstpointer args G_GNUC_UNUSED,
                     PstReport *report)
{
    PstMemoryData *data = report->data;
    g_autoptr(PstMemoryFacts) facts = pst_memory_facts_read(context, data);

    report->truncated = facts->cut;
    pst_memory_judge(facts, data, report);

    g_autofree char *summary = ok_summary(data);
    pst_report_conclude(report, summary);
}
