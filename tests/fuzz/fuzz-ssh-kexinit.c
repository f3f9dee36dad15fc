// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a server sends first, whatever it is: lists only where all of them came, and the same ones
 * however much comes behind. */
#include <string.h>

#include "guest-shim/ssh-kexinit.h"
#include "tests/fuzz/fuzz.h"

static void
check_lists(const PstSshKexinit *kexinit, gboolean complete)
{
    for (guint i = 0; i < PST_SSH_KEXINIT_N; i++) {
        g_assert_cmpint(kexinit->lists[i] != NULL, ==, complete);
        for (guint j = 0; complete && kexinit->lists[i][j] != NULL; j++)
            g_assert_null(strpbrk(kexinit->lists[i][j], ", \n\x1b"));
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    gboolean complete = TRUE, again = FALSE;
    g_autoptr(GError) error = NULL;
    g_autoptr(PstSshKexinit) kexinit = pst_ssh_kexinit_parse(data, len, &complete, &error);

    g_assert_cmpint(kexinit == NULL, ==, error != NULL);
    if (kexinit == NULL) {
        g_assert_false(complete);
        return 0;
    }
    g_assert_true(kexinit->version == NULL || g_utf8_validate(kexinit->version, -1, NULL));
    check_lists(kexinit, complete);
    if (!complete)
        return 0;

    g_autofree guint8 *more = g_malloc0(len + 16);
    memcpy(more, data, len);
    g_autoptr(PstSshKexinit) other = pst_ssh_kexinit_parse(more, len + 16, &again, NULL);
    g_assert_true(again);
    for (guint i = 0; i < PST_SSH_KEXINIT_N; i++)
        g_assert_true(g_strv_equal((const char *const *)kexinit->lists[i],
                                   (const char *const *)other->lists[i]));
    return 0;
}
