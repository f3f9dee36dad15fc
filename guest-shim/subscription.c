// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/subscription.h"

#include <string.h>

#include "protocol/json.h"
#include "protocol/limits.h"

/* Of a notification, beside its body. */
#define ENVELOPE 256

typedef struct {
    gint64 seq, realtime_us, boottime_us;
    char *body;
    gsize bytes;
} Waiting;

struct PstSubscription {
    PstMessageId id;
    guint32 kinds;
    gint64 seq;      /* of the last that was taken */
    gint64 told_seq; /* of the last that was handed out, or that is not to be */
    GQueue waiting;  /* of Waiting */
    gsize bytes;
};

PstSubscription *
pst_subscription_new(void)
{
    PstSubscription *subscription = g_new0(PstSubscription, 1);

    g_queue_init(&subscription->waiting);
    return subscription;
}

static void
free_waiting(Waiting *waiting)
{
    g_free(waiting->body);
    g_free(waiting);
}

static Waiting *
pop(PstSubscription *subscription)
{
    Waiting *waiting = g_queue_pop_head(&subscription->waiting);

    if (waiting != NULL)
        subscription->bytes -= waiting->bytes;
    return waiting;
}

static void
clear(PstSubscription *subscription)
{
    Waiting *waiting;

    while ((waiting = pop(subscription)) != NULL)
        free_waiting(waiting);
}

void
pst_subscription_free(PstSubscription *subscription)
{
    clear(subscription);
    g_free(subscription);
}

void
pst_subscription_reset(PstSubscription *subscription)
{
    clear(subscription);
    subscription->kinds = 0;
    subscription->seq = subscription->told_seq = 0;
}

void
pst_subscription_set(PstSubscription *subscription, const PstMessageId *id, guint32 kinds)
{
    subscription->id = *id;
    subscription->kinds = kinds;
    if (kinds != 0)
        return;
    clear(subscription);
    subscription->told_seq = subscription->seq;
}

guint32
pst_subscription_kinds(const PstSubscription *subscription)
{
    return subscription->kinds;
}

gint64
pst_subscription_seq(const PstSubscription *subscription)
{
    return subscription->told_seq;
}

static gboolean
has_room(const PstSubscription *subscription, gsize bytes)
{
    return subscription->waiting.length < PST_LIMIT_EVENTS_WAITING &&
           subscription->bytes + bytes <= PST_LIMIT_EVENTS_WAITING_BYTES;
}

/* What is newest is of most use to who comes back, and that something went before it is said as
 * soon as anything is. */
static void
make_room(PstSubscription *subscription, gsize bytes)
{
    while (!has_room(subscription, bytes))
        free_waiting(pop(subscription));
}

void
pst_subscription_add(PstSubscription *subscription, PstEventKind kind, JsonObject *body,
                     gint64 realtime_us, gint64 boottime_us)
{
    g_autofree char *text = NULL;
    gsize len = 0;

    if ((subscription->kinds & PST_EVENT_BIT(kind)) == 0)
        return;
    subscription->seq++;
    text = pst_json_to_text(body, &len);
    /* Too large for any frame: the next one tells that it is missing. */
    if (len + ENVELOPE > PST_LIMIT_EVENT)
        return;
    make_room(subscription, len);

    Waiting *waiting = g_new0(Waiting, 1);
    waiting->seq = subscription->seq;
    waiting->realtime_us = MAX(0, realtime_us);
    waiting->boottime_us = boottime_us;
    waiting->body = g_steal_pointer(&text);
    waiting->bytes = len;
    subscription->bytes += len;
    g_queue_push_tail(&subscription->waiting, waiting);
}

char *
pst_subscription_next(PstSubscription *subscription)
{
    Waiting *waiting = pop(subscription);

    if (waiting == NULL)
        return NULL;
    g_autofree char *id = pst_message_format_id(&subscription->id);
    PstEvent event = {.id = id,
                      .seq = waiting->seq,
                      .lost = waiting->seq - subscription->told_seq - 1,
                      .realtime_us = waiting->realtime_us,
                      .boottime_us = waiting->boottime_us};
    char *text = pst_event_to_text(&event, waiting->body);

    subscription->told_seq = waiting->seq;
    free_waiting(waiting);
    return text;
}
