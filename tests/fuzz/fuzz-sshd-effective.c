// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as what `sshd -T` printed, and as sshd's words about its configuration. */
#include "guest-shim/sshd-effective.h"
#include "tests/fuzz/fuzz.h"

static const char *const keywords[] = {"allowusers",   "authorizedkeysfile", "ciphers",
                                       "maxauthtries", "permitrootlogin",    "port"};

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    const PstSshdConnection connection = {.user = "user"};
    g_autofree char *text = g_strndup((const char *)data, len);
    g_autoptr(PstSshdEffective) effective = pst_sshd_effective_parse(text, &connection, NULL);
    g_autoptr(PstSshdCheck) check = pst_sshd_check_parse(255, text);

    for (guint i = 0; i < G_N_ELEMENTS(keywords); i++) {
        g_auto(GStrv) words = pst_sshd_effective_words(effective, keywords[i]);
        gint64 number = pst_sshd_effective_number(effective, keywords[i]);

        g_assert_true(pst_sshd_effective_knows(effective, keywords[i]));
        g_assert_null(pst_sshd_effective_where(effective, keywords[i], NULL));
        g_assert_true(number == PST_INT_UNKNOWN || number >= 0);
        for (guint j = 0; words[j] != NULL; j++)
            g_assert_cmpint(words[j][0], !=, '\0');
    }
    g_assert_nonnull(check->text);
    g_assert_cmpint(check->verdict, !=, PST_SSHD_CHECK_OK);
    return 0;
}
