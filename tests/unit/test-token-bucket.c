// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/token-bucket.h"

#define SECOND G_GINT64_CONSTANT(1000000)

static guint
take_all(PstTokenBucket *bucket, gint64 now_us)
{
    guint n = 0;

    while (n < 1000 && pst_token_bucket_take(bucket, now_us))
        n++;
    return n;
}

static void
test_burst(void)
{
    PstTokenBucket bucket = {.size = 5, .each_us = 10 * SECOND};

    g_assert_cmpuint(take_all(&bucket, 1000 * SECOND), ==, 5);
    g_assert_false(pst_token_bucket_take(&bucket, 1009 * SECOND));
    g_assert_cmpuint(bucket.refused, ==, 2);
    g_assert_true(pst_token_bucket_take(&bucket, 1010 * SECOND));
    g_assert_cmpuint(bucket.refused, ==, 0);
    g_assert_false(pst_token_bucket_take(&bucket, 1010 * SECOND));
}

/* However long nothing happened, no more than a burst; and parts of a step are not lost. */
static void
test_fill(void)
{
    PstTokenBucket bucket = {.size = 3, .each_us = 10 * SECOND};

    g_assert_cmpuint(take_all(&bucket, SECOND), ==, 3);
    g_assert_cmpuint(take_all(&bucket, 1000000 * SECOND), ==, 3);
    g_assert_cmpuint(take_all(&bucket, 1000000 * SECOND + 15 * SECOND), ==, 1);
    g_assert_cmpuint(take_all(&bucket, 1000000 * SECOND + 20 * SECOND), ==, 1);
}

/* Over any time, at most the burst and what grew meanwhile. */
static void
test_bound(void)
{
    PstTokenBucket bucket = {.size = 20, .each_us = 7 * SECOND};
    guint n = 0;

    for (gint64 us = SECOND; us <= 3600 * SECOND; us += SECOND / 3)
        n += pst_token_bucket_take(&bucket, us);
    g_assert_cmpuint(n, <=, 20 + 3600 / 7);
    g_assert_cmpuint(n, >=, 20 + 3600 / 7 - 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token-bucket/burst", test_burst);
    g_test_add_func("/token-bucket/fill", test_fill);
    g_test_add_func("/token-bucket/bound", test_bound);
    return g_test_run();
}
