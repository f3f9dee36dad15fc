// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/watch-event.h"

/* Events of many guests and of libvirt, put into the order in which they happened. Each waits for a
 * quarter of a second, for what happened before it and is still on its way; what comes later than
 * that is told all the same, and said to be late. Pure: NOW_US is of the monotonic clock, which
 * measures the waiting; REAL_US is the host's real time, whose leaps cost nothing but the order. */

#define PST_WATCH_ORDER_WAIT_US (250 * G_GINT64_CONSTANT(1000))
/* Of those that wait. With one more the first is told at once. */
#define PST_WATCH_ORDER_MAX 4096
/* Nobody is believed that something happened longer before it was heard of. */
#define PST_WATCH_ORDER_PAST_US (60 * G_USEC_PER_SEC)

typedef struct PstWatchOrder PstWatchOrder;

PstWatchOrder *pst_watch_order_new(void);
void pst_watch_order_free(PstWatchOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWatchOrder, pst_watch_order_free)

/* Takes EVENT over, heard of now: its time is brought into what can be. */
void pst_watch_order_add(PstWatchOrder *order, PstWatchEvent *event, gint64 real_us, gint64 now_us);

/* The next to be told, which is the caller's; NULL: none yet. */
PstWatchEvent *pst_watch_order_take(PstWatchOrder *order, gint64 now_us);

/* For how long there is nothing to be taken, microseconds from NOW_US on; -1: until one is added.
 */
gint64 pst_watch_order_wait_us(const PstWatchOrder *order, gint64 now_us);
