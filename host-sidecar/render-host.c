// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/render.h"

/* What a line has room for; --json has all. */
#define MAX_TOLD 4

char *
pst_render_lifecycle_when(const PstHostLifecycle *row)
{
    gint64 age_us = MAX(row->age_ms, 0) * 1000;
    g_autofree char *ago = pst_render_ago(age_us);

    if (row->before_us == PST_INT_UNKNOWN)
        return g_strconcat("first seen ", ago, NULL);
    g_autofree char *before = pst_render_ago(age_us + row->seen_us - row->before_us);
    if (g_str_equal(before, ago))
        return g_steal_pointer(&ago);
    return g_strdup_printf("between %s and %s", before, ago);
}

static void
render_state(GString *out, const PstHostLifecycle *row)
{
    g_autofree char *when = pst_render_lifecycle_when(row);

    pst_render_append(out, row->state != NULL ? row->state : "?");
    if (row->restarted == PST_TRI_YES)
        g_string_append(out, " anew");
    if (row->reason != NULL) {
        g_string_append(out, " (");
        pst_render_append(out, row->reason);
        g_string_append_c(out, ')');
    }
    g_string_append_printf(out, "%s %s", row->before_us == PST_INT_UNKNOWN ? "," : "", when);
}

void
pst_render_lifecycle(GString *out, const PstHostData *data)
{
    guint n = data->lifecycle != NULL ? data->lifecycle->len : 0;

    if (n == 0)
        return;
    for (guint i = 0; i < MIN(n, MAX_TOLD); i++) {
        g_string_append(out, i == 0 ? "lifecycle: " : "; ");
        render_state(out, data->lifecycle->pdata[n - 1 - i]);
    }
    if (n > MAX_TOLD)
        g_string_append_printf(out, "; %u earlier: --json has them", n - MAX_TOLD);
    g_string_append_c(out, '\n');
}
