// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/event.h"

/* Which events a session is told of, and those that wait until it can be told: a bounded number,
 * of which the oldest go first. The next one says how many there were. No I/O. */

typedef struct PstSubscription PstSubscription;

/* To nothing. */
PstSubscription *pst_subscription_new(void);
void pst_subscription_free(PstSubscription *subscription);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSubscription, pst_subscription_free)

/* A new session: to nothing, and the numbers begin anew. */
void pst_subscription_reset(PstSubscription *subscription);

/* KINDS: bits of PstEventKind, asked for by ID. Of none: nothing waits any more. */
void pst_subscription_set(PstSubscription *subscription, const PstMessageId *id, guint32 kinds);

guint32 pst_subscription_kinds(const PstSubscription *subscription);

/* The number of the last event that was handed out or lost. */
gint64 pst_subscription_seq(const PstSubscription *subscription);

/* Takes an event with its BODY, where it was asked for. */
void pst_subscription_add(PstSubscription *subscription, PstEventKind kind, JsonObject *body,
                          gint64 realtime_us, gint64 boottime_us);

/* The text of the notification of the next event; NULL where none waits. Free with g_free(). */
char *pst_subscription_next(PstSubscription *subscription);
