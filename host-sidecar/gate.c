// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate.h"

gboolean
pst_gate_enter(PstGate *gate, gint64 until_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate->lock);

    while (gate->n >= gate->max)
        if (!g_cond_wait_until(&gate->left, &gate->lock, until_us) && gate->n >= gate->max)
            return FALSE;
    gate->n++;
    return TRUE;
}

void
pst_gate_leave(PstGate *gate)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate->lock);

    gate->n--;
    g_cond_signal(&gate->left);
}
