// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-order.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define NOW_US (1000 * (gint64)G_USEC_PER_SEC)
#define MS G_GINT64_CONSTANT(1000)

static void
add(PstWatchOrder *order, gint64 time_us, gint64 now_us, const char *message)
{
    pst_watch_order_add(order, pst_watch_event_new(time_us, PST_WATCH_GUEST, "oom-kill", message),
                        now_us, now_us);
}

/* Takes what can be taken, and returns the messages, `!` behind those that are late. */
static char *
take_all(PstWatchOrder *order, gint64 now_us)
{
    GString *taken = g_string_new(NULL);
    PstWatchEvent *event;

    while ((event = pst_watch_order_take(order, now_us)) != NULL) {
        g_string_append_printf(taken, "%s%s", event->message,
                               event->late == PST_TRI_YES ? "!" : "");
        pst_watch_event_free(event);
    }
    return g_string_free(taken, FALSE);
}

static void
check(PstWatchOrder *order, gint64 now_us, const char *messages)
{
    g_autofree char *taken = take_all(order, now_us);

    g_assert_cmpstr(taken, ==, messages);
}

static void
test_merge(void)
{
    g_autoptr(PstWatchOrder) order = pst_watch_order_new();

    g_assert_cmpint(pst_watch_order_wait_us(order, NOW_US), ==, -1);
    add(order, NOW_US, NOW_US, "c");
    add(order, NOW_US - 10 * MS, NOW_US + 50 * MS, "a");
    add(order, NOW_US - 5 * MS, NOW_US + 20 * MS, "b");
    check(order, NOW_US + 249 * MS, "");
    /* `c` is due, and waits for those that were before it. */
    check(order, NOW_US + 251 * MS, "");
    g_assert_cmpint(pst_watch_order_wait_us(order, NOW_US + 251 * MS), ==, 49 * MS);
    check(order, NOW_US + 300 * MS, "abc");
    g_assert_cmpint(pst_watch_order_wait_us(order, NOW_US), ==, -1);
}

static void
test_equal(void)
{
    g_autoptr(PstWatchOrder) order = pst_watch_order_new();

    add(order, NOW_US, NOW_US, "a");
    add(order, NOW_US, NOW_US + MS, "b");
    add(order, NOW_US, NOW_US + MS, "c");
    check(order, NOW_US + 300 * MS, "abc");
}

static void
test_late(void)
{
    g_autoptr(PstWatchOrder) order = pst_watch_order_new();

    add(order, NOW_US, NOW_US, "b");
    check(order, NOW_US + 250 * MS, "b");
    add(order, NOW_US - MS, NOW_US + 260 * MS, "a");
    add(order, NOW_US + 260 * MS, NOW_US + 260 * MS, "c");
    check(order, NOW_US + 600 * MS, "a!c");
}

/* A guest says when something happened: neither in what is to come, nor long ago. */
static void
test_unbelievable(void)
{
    g_autoptr(PstWatchOrder) order = pst_watch_order_new();
    PstWatchEvent *event;

    add(order, G_MAXINT64, NOW_US, "b");
    add(order, G_MININT64, NOW_US, "a");
    event = pst_watch_order_take(order, NOW_US + 250 * MS);
    g_assert_cmpint(event->time_us, ==, NOW_US - PST_WATCH_ORDER_PAST_US);
    pst_watch_event_free(event);
    event = pst_watch_order_take(order, NOW_US + 250 * MS);
    g_assert_cmpint(event->time_us, ==, NOW_US);
    pst_watch_event_free(event);
}

/* The host's clock was set back: nothing waits until it has come to where it was. */
static void
test_leap(void)
{
    const gint64 hour_us = 3600 * (gint64)G_USEC_PER_SEC;
    g_autoptr(PstWatchOrder) order = pst_watch_order_new();

    add(order, NOW_US, NOW_US, "a");
    pst_watch_order_add(order, pst_watch_event_new(0, PST_WATCH_LIBVIRT, "started", "b"),
                        NOW_US - hour_us, NOW_US + MS);
    check(order, NOW_US + 251 * MS, "ba");
}

static void
test_full(void)
{
    g_autoptr(PstWatchOrder) order = pst_watch_order_new();

    for (guint i = 0; i < PST_WATCH_ORDER_MAX; i++)
        add(order, NOW_US, NOW_US, "x");
    check(order, NOW_US, "");
    add(order, NOW_US, NOW_US, "y");
    check(order, NOW_US, "x");
}

static void
test_render(void)
{
    g_autoptr(PstWatchEvent) event =
        pst_watch_event_new(NOW_US + 5 * MS, PST_WATCH_GUEST, "kernel-warning", "bad\x1b[2J");
    event->domain = g_strdup("web");
    event->text = g_strdup("one\n\ntwo\x07\n");
    event->lost = 3;
    event->late = PST_TRI_YES;
    g_autofree char *text = pst_watch_event_render(event);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(NOW_US / G_USEC_PER_SEC);
    g_autofree char *clock = g_date_time_format(time, "%Y-%m-%d %H:%M:%S");
    g_autofree char *expected =
        g_strdup_printf("%s.005  web  kernel-warning  bad\\x1b[2J (3 before it were lost) (told "
                        "late)\n    one\n    two\\x07\n",
                        clock);

    g_assert_cmpstr(text, ==, expected);
    g_autoptr(JsonObject) json = pst_watch_event_to_json(event);
    g_autoptr(PstWatchEvent) read = pst_watch_event_from_json(json, NULL);
    g_autofree char *again = pst_watch_event_render(read);
    g_assert_cmpstr(again, ==, expected);
    event->path = g_strdup("/etc/x\n");
    event->unit = g_strdup("x.service");
    g_autofree char *placed = pst_watch_event_render(event);
    g_assert_nonnull(strstr(placed, "  kernel-warning  /etc/x\\n: bad"));
    g_clear_pointer(&event->path, g_free);
    g_free(event->message);
    event->message = g_strdup("x.service failed");
    g_autofree char *said = pst_watch_event_render(event);
    g_assert_nonnull(strstr(said, "  kernel-warning  x.service failed"));
    event->time_us = G_MAXINT64;
    g_autofree char *odd = pst_watch_event_render(event);
    g_assert_true(g_str_has_prefix(odd, "(no time)  web"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch-order/merge", test_merge);
    g_test_add_func("/watch-order/equal", test_equal);
    g_test_add_func("/watch-order/late", test_late);
    g_test_add_func("/watch-order/unbelievable", test_unbelievable);
    g_test_add_func("/watch-order/leap", test_leap);
    g_test_add_func("/watch-order/full", test_full);
    g_test_add_func("/watch-order/render", test_render);
    return g_test_run();
}
