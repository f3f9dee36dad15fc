// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/breaker.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)

static void
test_pauses_grow(void)
{
    static const gint64 minutes[] = {0, 1, 2, 4, 8, 15, 15};

    for (guint i = 0; i < G_N_ELEMENTS(minutes); i++)
        g_assert_cmpint(pst_breaker_pause_us(i), ==, minutes[i] * MINUTE);
    g_assert_cmpint(pst_breaker_pause_us(-1), ==, 0);
    g_assert_cmpint(pst_breaker_pause_us(G_MAXINT64), ==, PST_BREAKER_MAX_PAUSE_US);
}

static void
test_is_asked_again(void)
{
    PstBreaker breaker = {0};

    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW), ==, 0);
    pst_breaker_note(&breaker, FALSE, 7, NOW);
    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW), ==, NOW + MINUTE);
    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW + MINUTE - 1), ==, NOW + MINUTE);
    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW + MINUTE), ==, 0);
    pst_breaker_note(&breaker, FALSE, 7, NOW + MINUTE);
    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW + MINUTE), ==, NOW + 3 * MINUTE);
    pst_breaker_note(&breaker, TRUE, 7, NOW + 3 * MINUTE);
    g_assert_cmpint(breaker.misses, ==, 0);
    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW + 3 * MINUTE), ==, 0);
}

static void
test_another_run_is_asked_at_once(void)
{
    PstBreaker breaker = {5, NOW, 7};

    g_assert_cmpint(pst_breaker_until_us(&breaker, 8, NOW), ==, 0);
    pst_breaker_note(&breaker, FALSE, 8, NOW);
    g_assert_cmpint(breaker.misses, ==, 1);
}

/* A clock that was set back must not leave a guest alone for years. */
static void
test_clock(void)
{
    const PstBreaker breaker = {5, NOW, 7};

    g_assert_cmpint(pst_breaker_until_us(&breaker, 7, NOW - 1), ==, 0);
}

/* Whatever happens, nobody is left alone for longer than the longest pause. */
static void
test_property(void)
{
    PstBreaker breaker = {0};
    gint64 now_us = NOW;

    for (guint i = 0; i < 20000; i++) {
        gint64 run = g_test_rand_int_range(1, 3);

        now_us += g_test_rand_int_range(-60, 600) * SECOND;
        gint64 until_us = pst_breaker_until_us(&breaker, run, now_us);
        g_assert_true(until_us == 0 ||
                      (until_us > now_us && until_us <= now_us + PST_BREAKER_MAX_PAUSE_US));
        if (until_us == 0)
            pst_breaker_note(&breaker, g_test_rand_int_range(0, 4) == 0, run, now_us);
        g_assert_cmpint(breaker.misses, >=, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/breaker/pauses-grow", test_pauses_grow);
    g_test_add_func("/breaker/asked-again", test_is_asked_again);
    g_test_add_func("/breaker/another-run", test_another_run_is_asked_at_once);
    g_test_add_func("/breaker/clock", test_clock);
    g_test_add_func("/breaker/property", test_property);
    return g_test_run();
}
