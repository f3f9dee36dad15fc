// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wake.h"

#define LONG_US (20 * G_USEC_PER_SEC)
#define SHORT_US (50 * G_GINT64_CONSTANT(1000))

static void
test_counts(void)
{
    g_autoptr(PstWake) wake = pst_wake_new();

    pst_wake_tell(wake, PST_WAKE_NEWS);
    pst_wake_tell(wake, PST_WAKE_BREAK);
    pst_wake_tell(wake, PST_WAKE_LOST);
    pst_wake_tell(wake, PST_WAKE_BREAK);
    PstWakeCount count = pst_wake_count(wake);
    g_assert_cmpuint(count.n_news, ==, 4);
    g_assert_cmpuint(count.n_breaks, ==, 2);
    g_assert_cmpuint(count.n_lost, ==, 1);
}

/* What was told before the waiting began ends it at once. */
static void
test_told_before(void)
{
    g_autoptr(PstWake) wake = pst_wake_new();
    gint64 begun_us = g_get_monotonic_time();

    pst_wake_tell(wake, PST_WAKE_NEWS);
    g_assert_true(pst_wake_await(wake, 0, begun_us + LONG_US));
    g_assert_cmpint(g_get_monotonic_time() - begun_us, <, LONG_US / 2);
}

static void
test_nothing_told(void)
{
    g_autoptr(PstWake) wake = pst_wake_new();
    gint64 until_us = g_get_monotonic_time() + SHORT_US;

    g_assert_false(pst_wake_await(wake, 0, until_us));
    g_assert_cmpint(g_get_monotonic_time(), >=, until_us);
    g_assert_false(pst_wake_await(wake, 0, until_us));
}

static gpointer
tell_later(gpointer wake)
{
    g_usleep(SHORT_US);
    pst_wake_tell(wake, PST_WAKE_BREAK);
    pst_wake_unref(wake);
    return NULL;
}

static void
test_told_meanwhile(void)
{
    g_autoptr(PstWake) wake = pst_wake_new();
    gint64 begun_us = g_get_monotonic_time();
    GThread *thread = g_thread_new("teller", tell_later, pst_wake_ref(wake));

    g_assert_true(pst_wake_await(wake, 0, begun_us + LONG_US));
    g_assert_cmpint(g_get_monotonic_time() - begun_us, >=, SHORT_US);
    g_assert_cmpint(g_get_monotonic_time() - begun_us, <, LONG_US / 2);
    g_thread_join(thread);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wake/counts", test_counts);
    g_test_add_func("/wake/told-before", test_told_before);
    g_test_add_func("/wake/nothing-told", test_nothing_told);
    g_test_add_func("/wake/told-meanwhile", test_told_meanwhile);
    return g_test_run();
}
