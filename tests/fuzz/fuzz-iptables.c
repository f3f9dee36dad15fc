// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as the rules of iptables, and a connection through them. */
#include "guest-shim/filter-walk.h"
#include "guest-shim/iptables-save.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    const PstFilterQuestion question = {.protocol = IPPROTO_TCP, .port = 22};
    g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
    g_autoptr(GError) error = NULL;
    gboolean read =
        pst_iptables_save_read((const char *)data, len, "iptables-legacy", "ip", rules, &error);
    g_auto(PstFilterResult) result = {PST_FILTER_UNKNOWN};

    g_assert_cmpint(read, ==, error == NULL);
    pst_filter_walk(rules, &question, NULL, NULL, NULL, &result);
    g_assert_cmpint(result.decision == PST_FILTER_UNKNOWN, ==, result.unmodelled != NULL);
    return 0;
}
