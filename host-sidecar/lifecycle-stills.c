// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/lifecycle-stills.h"

#include <libvirt/libvirt.h>

/* A guest that suspends itself (PMSUSPENDED) is not among them: it sets its clocks when it wakes
 * up. */
static gboolean
is_still(const PstLifecycleEntry *entry)
{
    return entry->state == VIR_DOMAIN_PAUSED ||
           (entry->state == VIR_DOMAIN_SHUTOFF && entry->reason == VIR_DOMAIN_SHUTOFF_SAVED);
}

GArray *
pst_lifecycle_stills(const PstLifecycle *lifecycle)
{
    GArray *stills = g_array_new(FALSE, FALSE, sizeof(PstRecordStill));
    guint n = lifecycle->entries != NULL ? lifecycle->entries->len : 0;

    for (guint i = 0; i + 1 < n; i++) {
        const PstLifecycleEntry *entry = lifecycle->entries->pdata[i];
        const PstLifecycleEntry *next = lifecycle->entries->pdata[i + 1];
        const PstRecordStill still = {entry->seen_us, next->before_us};

        if (is_still(entry) && next->before_us != PST_INT_UNKNOWN && still.from_us < still.until_us)
            g_array_append_val(stills, still);
    }
    return stills;
}
