// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"
#include "protocol/message.h"
#include "protocol/record-event.h"

/* Events on the channel: what a host asks to be told of, and what it is told. */

/* Kinds are a set of bits. */
#define PST_EVENT_BIT(kind) (1U << (kind))
#define PST_EVENT_ALL (PST_EVENT_BIT(PST_EVENT_KINDS) - 1)

/* As in an event record. */
typedef struct {
    int event; /* PstEventKind */
    char *message;
    char *path; /* NULL where it does not apply, as the next two */
    char *unit;
    char *text;        /* further lines */
    gint64 suppressed; /* how many of its kind the guest left out before it */
} PstEventBody;

/* The params of a notification `event`. */
typedef struct {
    char *id;           /* of the `subscribe` that asked for it */
    gint64 seq;         /* counts up within the session, from 1, what was lost too */
    gint64 lost;        /* how many right before it were dropped, since the host did not read */
    gint64 realtime_us; /* CLOCK_REALTIME as it happened */
    gint64 boottime_us; /* CLOCK_BOOTTIME */
    PstEventBody *body;
} PstEvent;

/* The params of `subscribe`. */
JsonObject *pst_event_subscribe_params(guint32 kinds);

/* Checks them; FALSE with PST_ERROR_INVALID_PARAMS, which names the nearest kind. */
gboolean pst_event_read_subscribe(JsonObject *params, guint32 *kinds, GError **error);

/* A notification's text around BODY, the text of a JSON object; EVENT's own is passed over. Free
 * with g_free(). */
char *pst_event_to_text(const PstEvent *event, const char *body);

/* Checks the params of a notification; NULL with PST_ERROR_INVALID_PARAMS. */
PstEvent *pst_event_read(JsonObject *params, GError **error);
void pst_event_free(PstEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstEvent, pst_event_free)
