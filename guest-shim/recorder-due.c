// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-due.h"

#include "guest-shim/boot-clock.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/probe.h"

static gboolean
on_settled(gpointer user_data)
{
    PstRecorderDue *due = user_data;
    guint each_s = (guint)(due->bucket.each_us / G_USEC_PER_SEC);

    due->source = 0;
    if (pst_token_bucket_take(&due->bucket, pst_boot_clock_us()))
        due->due(due->probes, due->user_data);
    else
        due->source = g_timeout_add_seconds(each_s, on_settled, due);
    return G_SOURCE_REMOVE;
}

void
pst_recorder_due_ask(PstRecorderDue *due)
{
    if (due->source == 0)
        due->source = g_timeout_add_seconds(due->settle_s, on_settled, due);
}

void
pst_recorder_due_clear(PstRecorderDue *due)
{
    pst_loop_handles_remove(&due->source);
}
