// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wake.h"

struct PstWake {
    gint references;
    GMutex mutex;
    GCond told;
    PstWakeCount count; /* under the mutex */
};

PstWake *
pst_wake_new(void)
{
    PstWake *wake = g_new0(PstWake, 1);

    wake->references = 1;
    g_mutex_init(&wake->mutex);
    g_cond_init(&wake->told);
    return wake;
}

PstWake *
pst_wake_ref(PstWake *wake)
{
    g_atomic_int_inc(&wake->references);
    return wake;
}

void
pst_wake_unref(PstWake *wake)
{
    if (!g_atomic_int_dec_and_test(&wake->references))
        return;
    g_mutex_clear(&wake->mutex);
    g_cond_clear(&wake->told);
    g_free(wake);
}

void
pst_wake_tell(PstWake *wake, PstWakeKind kind)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&wake->mutex);

    wake->count.n_news++;
    wake->count.n_breaks += kind == PST_WAKE_BREAK;
    wake->count.n_lost += kind == PST_WAKE_LOST;
    g_cond_broadcast(&wake->told);
}

PstWakeCount
pst_wake_count(PstWake *wake)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&wake->mutex);

    return wake->count;
}

gboolean
pst_wake_await(PstWake *wake, guint64 n_news, gint64 until_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&wake->mutex);

    while (wake->count.n_news == n_news)
        if (!g_cond_wait_until(&wake->told, &wake->mutex, until_us))
            return wake->count.n_news != n_news;
    return TRUE;
}
