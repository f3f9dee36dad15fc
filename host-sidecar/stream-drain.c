// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/stream-drain.h"

typedef struct {
    GSource source;
    PstStreamDrain drain;
    gpointer user_data;
    GDestroyNotify free_data;
    gint hurries;          /* atomic */
    gint64 hurry_until_us; /* of the loop's thread; 0 before it hurries */
} Drain;

#define HURRY_MS 1
/* A close that hangs is not worth a turn a millisecond for good. */
#define HURRY_US (2 * G_USEC_PER_SEC)

static gboolean
prepare(GSource *source, gint *timeout_ms)
{
    Drain *drain = (Drain *)source;

    drain->drain(drain->user_data);
    *timeout_ms = -1;
    if (g_atomic_int_get(&drain->hurries) == 0)
        return FALSE;
    if (drain->hurry_until_us == 0)
        drain->hurry_until_us = g_get_monotonic_time() + HURRY_US;
    if (g_get_monotonic_time() < drain->hurry_until_us)
        *timeout_ms = HURRY_MS;
    return FALSE;
}

static void
finalize(GSource *source)
{
    Drain *drain = (Drain *)source;

    drain->free_data(drain->user_data);
}

GSource *
pst_stream_drain_attach(PstStreamDrain function, gpointer user_data, GDestroyNotify free_data)
{
    static GSourceFuncs functions = {.prepare = prepare, .finalize = finalize};
    GSource *source = g_source_new(&functions, sizeof(Drain));
    Drain *drain = (Drain *)source;

    drain->drain = function;
    drain->user_data = user_data;
    drain->free_data = free_data;
    g_source_attach(source, NULL);
    return source;
}

void
pst_stream_drain_hurry(GSource *source)
{
    g_atomic_int_set(&((Drain *)source)->hurries, TRUE);
    g_main_context_wakeup(NULL);
}
