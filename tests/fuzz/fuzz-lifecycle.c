// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as what is kept of a domain's states: refused, or in order and bounded; what is written
 * again is read again, and what is noted beside it stands last. */
#include "host-sidecar/lifecycle.h"
#include "tests/fuzz/fuzz.h"

static void
check(const PstLifecycle *lifecycle)
{
    g_autoptr(GError) error = NULL;
    gint64 earliest_us = 0;
    gsize len = 0;
    g_autofree char *text = pst_lifecycle_to_text(lifecycle, &len);
    g_autoptr(PstLifecycle) again = pst_lifecycle_parse(text, len, &error);

    g_assert_no_error(error);
    g_autofree char *again_text = pst_lifecycle_to_text(again, NULL);
    g_assert_cmpstr(again_text, ==, text);
    if (lifecycle->entries == NULL)
        return;
    g_assert_cmpuint(lifecycle->entries->len, <=, PST_LIFECYCLE_MAX);
    for (guint i = 0; i < lifecycle->entries->len; i++) {
        const PstLifecycleEntry *entry = lifecycle->entries->pdata[i];

        g_assert_cmpint(entry->seen_us, >=, earliest_us);
        g_assert_true(entry->before_us == PST_INT_UNKNOWN || entry->before_us >= earliest_us);
        g_assert_cmpint(entry->before_us, <=, entry->seen_us);
        earliest_us = entry->seen_us;
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    static const PstLifecycleSight sights[] = {
        {1, 1, 7, G_GINT64_CONSTANT(1800000000000000), FALSE},
        {5, 2, PST_INT_UNKNOWN, G_GINT64_CONSTANT(1800000060000000), FALSE},
        {5, 2, PST_INT_UNKNOWN, 1, TRUE},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_parse((const char *)data, len, &error);

    g_assert_true((lifecycle == NULL) == (error != NULL));
    if (lifecycle == NULL)
        return 0;
    check(lifecycle);
    for (guint i = 0; i < G_N_ELEMENTS(sights); i++) {
        PstLifecycleNote noted = pst_lifecycle_note(lifecycle, &sights[i], 0);

        check(lifecycle);
        if (noted == PST_LIFECYCLE_NOTHING)
            continue;
        const PstLifecycleEntry *last = lifecycle->entries->pdata[lifecycle->entries->len - 1];
        g_assert_cmpint(last->state, ==, sights[i].state);
        g_assert_cmpint(last->seen_us, <=, sights[i].seen_us);
    }
    return 0;
}
