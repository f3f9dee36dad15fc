// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-order.h"

struct PstWatchOrder {
    GSequence *waiting; /* of Waiting, in the order of their times, and of coming */
    gint64 told_us;     /* the time of the last one that was told */
};

typedef struct {
    PstWatchEvent *event;
    gint64 heard_us;
} Waiting;

static void
free_waiting(gpointer data)
{
    Waiting *waiting = data;

    g_clear_pointer(&waiting->event, pst_watch_event_free);
    g_free(waiting);
}

PstWatchOrder *
pst_watch_order_new(void)
{
    PstWatchOrder *order = g_new0(PstWatchOrder, 1);

    order->waiting = g_sequence_new(free_waiting);
    order->told_us = G_MININT64;
    return order;
}

void
pst_watch_order_free(PstWatchOrder *order)
{
    g_sequence_free(order->waiting);
    g_free(order);
}

static int
compare(gconstpointer a, gconstpointer b, gpointer unused G_GNUC_UNUSED)
{
    const Waiting *one = a, *other = b;

    if (one->event->time_us != other->event->time_us)
        return one->event->time_us < other->event->time_us ? -1 : 1;
    return 0;
}

void
pst_watch_order_add(PstWatchOrder *order, PstWatchEvent *event, gint64 real_us, gint64 now_us)
{
    Waiting *waiting = g_new0(Waiting, 1);

    event->time_us = CLAMP(event->time_us, real_us - PST_WATCH_ORDER_PAST_US, real_us);
    waiting->event = event;
    waiting->heard_us = now_us;
    g_sequence_insert_sorted(order->waiting, waiting, compare, NULL);
}

static const Waiting *
first(const PstWatchOrder *order)
{
    GSequenceIter *begin = g_sequence_get_begin_iter(order->waiting);

    return g_sequence_iter_is_end(begin) ? NULL : g_sequence_get(begin);
}

gint64
pst_watch_order_wait_us(const PstWatchOrder *order, gint64 now_us)
{
    const Waiting *next = first(order);

    if (next == NULL)
        return -1;
    if (g_sequence_get_length(order->waiting) > PST_WATCH_ORDER_MAX)
        return 0;
    return CLAMP(next->heard_us + PST_WATCH_ORDER_WAIT_US - now_us, 0, PST_WATCH_ORDER_WAIT_US);
}

PstWatchEvent *
pst_watch_order_take(PstWatchOrder *order, gint64 now_us)
{
    if (pst_watch_order_wait_us(order, now_us) != 0)
        return NULL;
    GSequenceIter *begin = g_sequence_get_begin_iter(order->waiting);
    PstWatchEvent *event = g_steal_pointer(&((Waiting *)g_sequence_get(begin))->event);
    g_sequence_remove(begin);
    if (event->time_us < order->told_us)
        event->late = PST_TRI_YES;
    order->told_us = MAX(order->told_us, event->time_us);
    return event;
}
