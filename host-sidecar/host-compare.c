// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-compare.h"

static gint64
moved(gint64 before, gint64 after)
{
    return before == PST_INT_UNKNOWN || after == PST_INT_UNKNOWN || after < before ? PST_INT_UNKNOWN
                                                                                   : after - before;
}

static void
compare_cpu(const PstHostCpu *before, PstHostCpu *after, gint64 watched_ms)
{
    gint64 waited_ms = moved(before->waited_ms, after->waited_ms);

    after->progress_ms = moved(before->used_ms, after->used_ms);
    if (after->progress_ms == PST_INT_UNKNOWN || watched_ms <= 0)
        return;
    gint64 busy_ms = after->progress_ms + (waited_ms != PST_INT_UNKNOWN ? waited_ms : 0);
    after->busy_percent = CLAMP(busy_ms * 100 / watched_ms, 0, 100);
}

static void
compare_disks(const GPtrArray *before, const GPtrArray *after)
{
    for (guint i = 0; before != NULL && after != NULL && i < after->len; i++) {
        PstHostDisk *disk = after->pdata[i];
        for (guint j = 0; j < before->len; j++) {
            const PstHostDisk *same = before->pdata[j];
            if (g_strcmp0(same->name, disk->name) == 0)
                disk->progress = moved(same->requests, disk->requests);
        }
    }
}

void
pst_host_compare(const PstHostData *before, PstHostData *after, gint64 watched_ms)
{
    after->watched_ms = watched_ms;
    for (guint i = 0; before->cpus != NULL && after->cpus != NULL && i < after->cpus->len; i++)
        if (i < before->cpus->len)
            compare_cpu(before->cpus->pdata[i], after->cpus->pdata[i], watched_ms);
    compare_disks(before->disks, after->disks);
}
