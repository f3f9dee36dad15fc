// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as nft's rules, and a connection through them: it ends, and says why where it doubts. */
#include "guest-shim/filter-walk.h"
#include "guest-shim/nft-json.h"
#include "tests/fuzz/fuzz.h"

static void
walk(const PstFilterRules *rules, gboolean six, gboolean reply)
{
    const PstFilterQuestion question = {
        .six = six, .reply = reply, .protocol = IPPROTO_TCP, .port = 22};
    g_auto(PstFilterResult) result = {PST_FILTER_UNKNOWN};

    pst_filter_walk(rules, &question, NULL, NULL, NULL, &result);
    g_assert_cmpint(result.decision == PST_FILTER_UNKNOWN, ==, result.unmodelled != NULL);
    g_assert_true(result.decision != PST_FILTER_DEPENDS || result.reasons != 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstFilterRules) rules = pst_filter_rules_new();
    g_autoptr(GError) error = NULL;
    gboolean read = pst_nft_json_read((const char *)data, len, rules, &error);

    g_assert_cmpint(read, ==, error == NULL);
    walk(rules, FALSE, FALSE);
    walk(rules, TRUE, FALSE);
    walk(rules, FALSE, TRUE);
    return 0;
}
