// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any lines of a sudoers file: a faulty one says why, an include says what, and the rules that came
 * of the others can be asked. */
#include <string.h>

#include "guest-shim/sudoers-match.h"
#include "guest-shim/sudoers-parse.h"
#include "tests/fuzz/fuzz.h"

static void
ask(const PstSudoers *sudoers)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    g_autoptr(PstAccounts) accounts = pst_accounts_parse(
        "root:x:0:0::/root:/bin/sh\nharness:x:1000:1000::/home/harness:/bin/sh\n",
        "adm:x:4:harness\n", NULL);
    const PstAccount *user = pst_accounts_find(accounts, "harness");
    g_autoptr(GArray) groups = pst_accounts_groups(accounts, user);
    const PstSudoersQuestion question = {.sysroot = sysroot,
                                         .accounts = accounts,
                                         .user = user,
                                         .groups = groups,
                                         .runas = pst_accounts_find(accounts, "root"),
                                         .host = "guest",
                                         .command = "/usr/bin/true",
                                         .all_files = TRUE};
    PstSudoersAnswer answer = pst_sudoers_match(sudoers, &question);

    if (answer.match == PST_SUDOERS_ALLOWED)
        g_assert_nonnull(answer.rule);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup(len > 0 ? (const char *)data : "", len);
    g_autoptr(PstSudoers) sudoers = pst_sudoers_new();
    const PstSudoersFile file = {.path = (char *)"/etc/sudoers", .counts = TRUE};
    char *rest = text, *line;

    for (guint number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        g_autofree char *target = NULL;
        const char *fault = NULL;
        PstSudoersParsed parsed =
            pst_sudoers_parse_line(sudoers, &file, number, line, &target, &fault);

        g_assert_cmpint(parsed == PST_SUDOERS_FAULTY, ==, fault != NULL);
        g_assert_cmpint(parsed == PST_SUDOERS_INCLUDE || parsed == PST_SUDOERS_INCLUDE_DIR, ==,
                        target != NULL);
    }
    ask(sudoers);
    return 0;
}
