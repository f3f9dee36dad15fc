// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-lifecycle.h"

#include "host-sidecar/domain-state.h"

static void
forget(PstHostData *data)
{
    for (guint i = 0; data->lifecycle != NULL && i < data->lifecycle->len; i++)
        pst_fields_free(&pst_report_host_lifecycle_fields, data->lifecycle->pdata[i]);
    g_clear_pointer(&data->lifecycle, g_ptr_array_unref);
}

void
pst_host_lifecycle_tell(PstHostData *data, const PstLifecycle *lifecycle, gint64 now_us)
{
    forget(data);
    for (guint i = 0; lifecycle->entries != NULL && i < lifecycle->entries->len; i++) {
        const PstLifecycleEntry *entry = lifecycle->entries->pdata[i];
        PstHostLifecycle *row =
            pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);

        row->state = g_strdup(pst_domain_state_name((int)entry->state));
        row->reason = g_strdup(pst_domain_state_reason((int)entry->state, (int)entry->reason));
        /* A revert gives it a number of its own too. */
        row->restarted = pst_lifecycle_is_restart(lifecycle, i) &&
                                 !pst_domain_state_is_revert((int)entry->state, (int)entry->reason)
                             ? PST_TRI_YES
                             : PST_TRI_UNKNOWN;
        row->age_ms = MAX(0, now_us - entry->seen_us) / 1000;
        row->seen_us = entry->seen_us;
        row->before_us = entry->before_us;
    }
}
