// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as what a sweep left for the next: what is taken is within bounds, and is written as it
 * was read. */
#include <string.h>

#include "host-sidecar/health-memory.h"
#include "tests/fuzz/fuzz.h"

static void
check_entry(const PstHealthMemory *memory, const PstHealthEntry *entry)
{
    PstBreaker breaker = pst_health_memory_breaker(entry);

    g_assert_true(pst_health_memory_find(memory, entry->uuid, NULL) == entry);
    g_assert_cmpuint(entry->told != NULL ? g_strv_length(entry->told) : 0, <=,
                     PST_HEALTH_MEMORY_MAX_TOLD);
    (void)pst_breaker_until_us(&breaker, PST_INT_UNKNOWN, G_MAXINT64 / 2);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    /* Of the exact size, so that the address sanitizer sees a read beyond it. */
    g_autofree char *text = g_memdup2(data, len);
    g_autoptr(PstHealthMemory) memory = pst_health_memory_parse(text, len, NULL);
    gsize first_len = 0, second_len = 0;

    if (memory == NULL)
        return 0;
    guint n = memory->guests != NULL ? memory->guests->len : 0;
    g_assert_cmpuint(n, <=, PST_HEALTH_MEMORY_MAX);
    for (guint i = 0; i < n; i++)
        check_entry(memory, memory->guests->pdata[i]);
    g_autofree char *first = pst_health_memory_to_text(memory, &first_len);
    g_autoptr(PstHealthMemory) again = pst_health_memory_parse(first, first_len, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = pst_health_memory_to_text(again, &second_len);
    g_assert_cmpmem(first, first_len, second, second_len);
    return 0;
}
