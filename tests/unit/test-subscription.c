// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/subscription.h"
#include "protocol/json.h"
#include "protocol/limits.h"

static const PstMessageId asked = {"0123456789abcdef0123456789abcdef", 4};

static void
add(PstSubscription *subscription, PstEventKind kind, gsize message_len)
{
    g_autofree char *message = g_strnfill(message_len, 'm');
    g_autoptr(JsonObject) body = json_object_new();

    json_object_set_string_member(body, "event", pst_record_event_names[kind]);
    json_object_set_string_member(body, "message", message);
    pst_subscription_add(subscription, kind, body, 5, 6);
}

static void
add_many(PstSubscription *subscription, guint n, gsize message_len)
{
    for (guint i = 0; i < n; i++)
        add(subscription, PST_EVENT_OOM_KILL, message_len);
}

/* NULL where none waits. */
static PstEvent *
next(PstSubscription *subscription)
{
    g_autofree char *text = pst_subscription_next(subscription);

    if (text == NULL)
        return NULL;
    g_assert_cmpuint(strlen(text), <=, PST_LIMIT_EVENT);
    g_autoptr(JsonObject) json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);
    g_autoptr(PstMessage) message = pst_message_decode(json, NULL);
    PstEvent *event = pst_event_read(message->params, NULL);
    g_assert_nonnull(event);
    return event;
}

static void
assert_next(PstSubscription *subscription, gint64 seq, gint64 lost)
{
    g_autoptr(PstEvent) event = next(subscription);

    g_assert_nonnull(event);
    g_assert_cmpint(event->seq, ==, seq);
    g_assert_cmpint(event->lost, ==, lost);
    g_assert_cmpint(pst_subscription_seq(subscription), ==, seq);
}

static void
assert_none(PstSubscription *subscription)
{
    g_autoptr(PstEvent) event = next(subscription);

    g_assert_null(event);
}

static PstSubscription *
subscribed(guint32 kinds)
{
    PstSubscription *subscription = pst_subscription_new();

    pst_subscription_set(subscription, &asked, kinds);
    return subscription;
}

static void
test_kinds(void)
{
    g_autoptr(PstSubscription) subscription = pst_subscription_new();

    add(subscription, PST_EVENT_OOM_KILL, 1);
    assert_none(subscription);
    for (PstEventKind kind = 0; kind < PST_EVENT_KINDS; kind++) {
        pst_subscription_set(subscription, &asked, PST_EVENT_BIT(kind));
        for (PstEventKind other = 0; other < PST_EVENT_KINDS; other++)
            add(subscription, other, 1);
        g_autoptr(PstEvent) event = next(subscription);
        g_assert_cmpint(event->body->event, ==, kind);
        /* What was not asked for has no number. */
        g_assert_cmpint(event->seq, ==, kind + 1);
        g_assert_cmpint(event->lost, ==, 0);
        assert_none(subscription);
    }
}

static void
test_words(void)
{
    g_autoptr(PstSubscription) subscription = subscribed(PST_EVENT_ALL);

    add(subscription, PST_EVENT_DISK_FULL, 3);
    g_autoptr(PstEvent) event = next(subscription);
    g_assert_cmpstr(event->id, ==, "0123456789abcdef0123456789abcdef-4");
    g_assert_cmpint(event->realtime_us, ==, 5);
    g_assert_cmpint(event->boottime_us, ==, 6);
    g_assert_cmpstr(event->body->message, ==, "mmm");
}

static void
test_bound(void)
{
    g_autoptr(PstSubscription) subscription = subscribed(PST_EVENT_ALL);
    const gint64 lost = 1000;

    add_many(subscription, PST_LIMIT_EVENTS_WAITING, 1);
    assert_next(subscription, 1, 0);
    add(subscription, PST_EVENT_OOM_KILL, 1);
    add_many(subscription, (guint)lost, 1);
    assert_next(subscription, lost + 2, lost);
    for (gint64 i = 1; i < PST_LIMIT_EVENTS_WAITING; i++)
        assert_next(subscription, lost + 2 + i, 0);
    assert_none(subscription);
    add(subscription, PST_EVENT_OOM_KILL, 1);
    assert_next(subscription, lost + 2 + PST_LIMIT_EVENTS_WAITING, 0);
}

static void
test_bound_of_bytes(void)
{
    g_autoptr(PstSubscription) subscription = subscribed(PST_EVENT_ALL);
    const guint fit = 3;
    const gsize len = PST_LIMIT_EVENTS_WAITING_BYTES / (fit + 1);

    add_many(subscription, fit, len);
    assert_next(subscription, 1, 0);
    add_many(subscription, 10, len);
    assert_next(subscription, 11, 9);
    assert_next(subscription, 12, 0);
    assert_next(subscription, 13, 0);
    assert_none(subscription);
    /* One alone that no frame could hold is lost, and those that wait stay. */
    add(subscription, PST_EVENT_OOM_KILL, 1);
    add(subscription, PST_EVENT_OOM_KILL, PST_LIMIT_EVENT);
    add(subscription, PST_EVENT_OOM_KILL, 1);
    assert_next(subscription, 14, 0);
    assert_next(subscription, 16, 1);
}

static void
test_another(void)
{
    g_autoptr(PstSubscription) subscription = subscribed(PST_EVENT_ALL);
    const PstMessageId later = {"0123456789abcdef0123456789abcdef", 9};

    /* What waits was asked for as it happened. */
    add_many(subscription, 2, 1);
    pst_subscription_set(subscription, &later, PST_EVENT_BIT(PST_EVENT_UNIT_FAILED));
    g_assert_cmpint(pst_subscription_seq(subscription), ==, 0);
    g_autoptr(PstEvent) event = next(subscription);
    g_assert_cmpstr(event->id, ==, "0123456789abcdef0123456789abcdef-9");
    /* Of none: it is not to be told any more, and is not told as lost. */
    pst_subscription_set(subscription, &later, 0);
    assert_none(subscription);
    g_assert_cmpint(pst_subscription_seq(subscription), ==, 2);
    pst_subscription_set(subscription, &later, PST_EVENT_ALL);
    add(subscription, PST_EVENT_OOM_KILL, 1);
    assert_next(subscription, 3, 0);

    add(subscription, PST_EVENT_OOM_KILL, 1);
    pst_subscription_reset(subscription);
    g_assert_cmpuint(pst_subscription_kinds(subscription), ==, 0);
    g_assert_cmpint(pst_subscription_seq(subscription), ==, 0);
    assert_none(subscription);
    pst_subscription_set(subscription, &asked, PST_EVENT_ALL);
    add(subscription, PST_EVENT_OOM_KILL, 1);
    assert_next(subscription, 1, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/subscription/kinds", test_kinds);
    g_test_add_func("/subscription/words", test_words);
    g_test_add_func("/subscription/bound", test_bound);
    g_test_add_func("/subscription/bound-of-bytes", test_bound_of_bytes);
    g_test_add_func("/subscription/another", test_another);
    return g_test_run();
}
