// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/turnstile.h"

#define PLACES 3
#define VISITORS 40

static PstTurnstile turnstile = PST_TURNSTILE(PLACES);
static gint inside, most;

static gint64
in_ms(gint64 ms)
{
    return g_get_monotonic_time() + ms * 1000;
}

static void
test_bound(void)
{
    for (guint i = 0; i < PLACES; i++)
        g_assert_true(pst_turnstile_enter(&turnstile, 0));
    gint64 begun_us = g_get_monotonic_time();
    g_assert_false(pst_turnstile_enter(&turnstile, in_ms(50)));
    g_assert_cmpint(g_get_monotonic_time() - begun_us, >=, 50000);
    pst_turnstile_leave(&turnstile);
    g_assert_true(pst_turnstile_enter(&turnstile, 0));
    for (guint i = 0; i < PLACES; i++)
        pst_turnstile_leave(&turnstile);
}

static gpointer
leave_soon(gpointer unused G_GNUC_UNUSED)
{
    g_usleep(30000);
    pst_turnstile_leave(&turnstile);
    return NULL;
}

/* Who waits gets the place of the one who leaves, long before it would give up. */
static void
test_wait(void)
{
    for (guint i = 0; i < PLACES; i++)
        g_assert_true(pst_turnstile_enter(&turnstile, 0));
    GThread *thread = g_thread_new("leaver", leave_soon, NULL);
    g_assert_true(pst_turnstile_enter(&turnstile, in_ms(20000)));
    g_thread_join(thread);
    for (guint i = 0; i < PLACES; i++)
        pst_turnstile_leave(&turnstile);
}

static gpointer
visit(gpointer unused G_GNUC_UNUSED)
{
    g_assert_true(pst_turnstile_enter(&turnstile, in_ms(20000)));
    gint n = g_atomic_int_add(&inside, 1) + 1;
    for (gint seen = g_atomic_int_get(&most); n > seen; seen = g_atomic_int_get(&most))
        g_atomic_int_compare_and_exchange(&most, seen, n);
    g_usleep(1000);
    g_atomic_int_add(&inside, -1);
    pst_turnstile_leave(&turnstile);
    return NULL;
}

static void
test_crowd(void)
{
    GThread *threads[VISITORS];

    for (guint i = 0; i < VISITORS; i++)
        threads[i] = g_thread_new("visitor", visit, NULL);
    for (guint i = 0; i < VISITORS; i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(most, <=, PLACES);
    g_assert_cmpint(most, >, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turnstile/bound", test_bound);
    g_test_add_func("/turnstile/wait", test_wait);
    g_test_add_func("/turnstile/crowd", test_crowd);
    return g_test_run();
}
