// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-storage.h"

#include "guest-shim/storage-eaters.h"
#include "guest-shim/storage-facts.h"
#include "guest-shim/storage-judge.h"
#include "protocol/error.h"

#define MAX_SEARCHED 2

/* Only where it is full: the search costs time. */
static void
search_full(const PstProbeContext *context, const PstStorageFacts *facts, PstStorageData *data)
{
    guint n = 0;

    for (guint i = 0; i < facts->rows->len && n < MAX_SEARCHED; i++) {
        const PstStorageRow *row = &g_array_index(facts->rows, PstStorageRow, i);

        if (row->repeated || row->ask.remote || !pst_storage_judge_is_full(row->told))
            continue;
        pst_storage_eaters_find(context, facts, row, data);
        n++;
    }
}

/* In a folder that stands for a guest nothing can be asked. */
static void
judge_unasked(const PstProbeContext *context, const PstStorageFacts *facts, PstReport *report)
{
    g_autoptr(GError) cause =
        g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "there was no time left to ask it");

    for (guint i = 0; pst_sysroot_is_live(context->sysroot) && i < facts->rows->len; i++) {
        const PstStorageRow *row = &g_array_index(facts->rows, PstStorageRow, i);

        if (row->ask.state == PST_MOUNT_ASK_NOT_ASKED && (!row->repeated || row->ask.remote))
            pst_probe_add_unlooked(report, "storage.could-not-look", row->mount->folder, cause);
    }
}

static char *
ok_summary(const PstStorageFacts *facts)
{
    return g_strdup_printf("%u file system%s mounted, with room left", facts->rows->len,
                           facts->rows->len == 1 ? "" : "s");
}

void
pst_probe_storage_run(const PstProbeContext *context, gconstpointer args G_GNUC_UNUSED,
                      PstReport *report)
{
    PstStorageData *data = report->data;
    g_autoptr(PstStorageFacts) facts = pst_storage_facts_read(context, data);

    report->truncated = facts->cut;
    search_full(context, facts, data);
    pst_storage_judge(facts, data, report);
    judge_unasked(context, facts, report);

    g_autofree char *summary = ok_summary(facts);
    pst_report_conclude(report, summary);
}
