// SPDX-License-Identifier: LGPL-2.1-or-later
/* An authorized_keys file, and the beginning of a private key's file: what is taken for a key is
 * one, in a form that is taken again, and nothing else of the text is in it. */
#include <string.h>

#include "guest-shim/sshd-authorized.h"
#include "guest-shim/sshd-host-key.h"
#include "tests/fuzz/fuzz.h"

static void
check_key(const PstSshKey *key)
{
    g_autofree char *line = g_strdup_printf("%s %s", key->type, key->base64);
    g_autofree char *fingerprint = pst_ssh_key_fingerprint(line, NULL);

    g_assert_cmpstr(fingerprint, ==, key->fingerprint);
    g_assert_null(strpbrk(line + strlen(key->type) + 1, " \t\r\n"));
    g_assert_nonnull(pst_ssh_key_algorithms(key->type)[0]);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup((const char *)data, len);
    guint n_bad;
    g_autoptr(GPtrArray) keys = pst_sshd_authorized_parse(text, &n_bad);
    g_autoptr(PstSshKey) host_key = pst_sshd_host_key_parse(text);

    for (guint i = 0, line = 0; i < keys->len; i++) {
        const PstSshdAuthorizedKey *key = keys->pdata[i];

        g_assert_cmpuint(key->line, >, line);
        line = key->line;
        check_key(key->key);
        if (key->expires != NULL)
            pst_sshd_authorized_is_expired(key->expires, 0);
    }
    if (host_key != NULL)
        check_key(host_key);
    return 0;
}
