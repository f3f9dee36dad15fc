// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/token-bucket.h"

static void
fill(PstTokenBucket *bucket, gint64 now_us)
{
    gint64 grown = (now_us - bucket->since_us) / bucket->each_us;

    if (bucket->since_us == 0) {
        bucket->left = bucket->size;
        bucket->since_us = now_us;
    } else if (grown > 0) {
        bucket->left = (guint)MIN((gint64)bucket->left + grown, (gint64)bucket->size);
        /* What would have grown into a full one is lost. */
        bucket->since_us =
            bucket->left == bucket->size ? now_us : bucket->since_us + grown * bucket->each_us;
    }
}

gboolean
pst_token_bucket_take(PstTokenBucket *bucket, gint64 now_us)
{
    fill(bucket, now_us);
    if (bucket->left == 0) {
        bucket->refused++;
        return FALSE;
    }
    bucket->left--;
    bucket->refused = 0;
    return TRUE;
}
