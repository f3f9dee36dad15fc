// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* How often something may happen: SIZE times at once, and once more every EACH_US. */

typedef struct {
    guint size;
    gint64 each_us;
    guint left;
    gint64 since_us; /* when the last one was added; 0 before the first use */
    guint64 refused; /* since the last one that was taken */
} PstTokenBucket;

/* Takes one at the moment NOW_US, which does not fall; FALSE where there is none, which is counted.
 */
gboolean pst_token_bucket_take(PstTokenBucket *bucket, gint64 now_us);
