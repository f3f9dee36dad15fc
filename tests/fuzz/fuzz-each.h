// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/byte-source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/memory-source.h"

/* Any bytes as one of the databases that rpm keeps its headers in: the walk ends, and either fails
 * or has gone through all of it; nothing that it hands out is longer than was allowed. */

#define MAX_LEN (64 * 1024)

typedef gboolean (*Walk)(const PstByteSource *source, gsize max, PstByteSourceEach each,
                         gpointer user_data, GError **error);

static gboolean
take(gint64 id, const guint8 *bytes, gsize len, gpointer user_data, GError **error G_GNUC_UNUSED)
{
    guint64 *sum = user_data;

    g_assert_cmpuint(len, <=, MAX_LEN);
    g_assert_cmpint(id, >=, -1);
    for (gsize i = 0; i < len; i++)
        *sum += bytes[i];
    return TRUE;
}

static inline void
fuzz_each(Walk walk, const guint8 *data, gsize len)
{
    Memory memory = {data, len};
    const PstByteSource source = memory_source(&memory);
    g_autoptr(GError) error = NULL;
    guint64 sum = 0;

    gboolean done = walk(&source, MAX_LEN, take, &sum, &error);
    g_assert_cmpint(done, ==, error == NULL);
}
