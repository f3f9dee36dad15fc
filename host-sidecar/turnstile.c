// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/turnstile.h"

gboolean
pst_turnstile_enter(PstTurnstile *turnstile, gint64 until_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&turnstile->lock);

    while (turnstile->n >= turnstile->max)
        if (!g_cond_wait_until(&turnstile->left, &turnstile->lock, until_us) &&
            turnstile->n >= turnstile->max)
            return FALSE;
    turnstile->n++;
    return TRUE;
}

void
pst_turnstile_leave(PstTurnstile *turnstile)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&turnstile->lock);

    turnstile->n--;
    g_cond_signal(&turnstile->left);
}
