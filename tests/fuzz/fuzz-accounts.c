// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as passwd, group, shadow and nsswitch.conf: every account has a name and a number, is
 * found by both, and has a group of its own. */
#include "guest-shim/accounts.h"
#include "tests/fuzz/fuzz.h"

static void
check_account(const PstAccounts *accounts, const PstAccount *account, const char *text)
{
    g_autoptr(GArray) groups = pst_accounts_groups(accounts, account);
    g_autofree char *copy = g_strdup(text);
    g_autofree PstAccountShadow *shadow = pst_accounts_parse_shadow(copy, account->name);

    g_assert_cmpuint(groups->len, >, 0);
    g_assert_cmpint(account->uid, >=, 0);
    g_assert_nonnull(pst_accounts_find(accounts, account->name));
    g_assert_nonnull(pst_accounts_find_uid(accounts, account->uid));
    if (shadow != NULL)
        g_assert_cmpuint(shadow->line, >, 0);
    pst_accounts_validity(account, shadow, 20000);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup(len > 0 ? (const char *)data : "", len);
    g_autoptr(PstAccounts) accounts = pst_accounts_parse(text, text, text);
    const GPtrArray *all = pst_accounts_all(accounts);
    g_auto(GStrv) sources = pst_accounts_sources(accounts, "passwd");

    g_assert_nonnull(sources);
    pst_accounts_elsewhere(accounts, "passwd");
    for (guint i = 0; i < MIN(all->len, 8); i++)
        check_account(accounts, all->pdata[i], text);
    return 0;
}
