// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What somebody who waits for a guest is woken up by, told from other threads: libvirt's events.
 * Reference-counted and thread-safe. */

typedef struct PstWake PstWake;

typedef enum {
    PST_WAKE_NEWS,  /* something has changed: it is worth looking */
    PST_WAKE_BREAK, /* the guest was reset, started or reverted: what it said before is of another
                     * run */
    PST_WAKE_LOST,  /* nothing will be told any more by this teller */
} PstWakeKind;

/* How often each was told; LOST counts as news too, BREAK as well. */
typedef struct {
    guint64 n_news;
    guint64 n_breaks;
    guint64 n_lost;
} PstWakeCount;

PstWake *pst_wake_new(void);
PstWake *pst_wake_ref(PstWake *wake);
void pst_wake_unref(PstWake *wake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWake, pst_wake_unref)

void pst_wake_tell(PstWake *wake, PstWakeKind kind);
PstWakeCount pst_wake_count(PstWake *wake);

/* Waits until there is more news than N_NEWS: TRUE; or until UNTIL_US on the monotonic clock. */
gboolean pst_wake_await(PstWake *wake, guint64 n_news, gint64 until_us);
