// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/error.h"
#include "protocol/ssh-key.h"
#include "tests/unit/ssh-keys.h"

static void
test_parse(void)
{
    static const struct {
        const char *text, *type;
    } rows[] = {
        {KEY_ED25519, "ssh-ed25519"},
        {KEY_ED25519 " a comment\n", "ssh-ed25519"},
        {KEY_RSA "\tx", "ssh-rsa"},
        {KEY_ECDSA, "ecdsa-sha2-nistp256"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstSshKey) key = pst_ssh_key_parse(rows[i].text, NULL);
        g_assert_nonnull(key);
        g_assert_cmpstr(key->type, ==, rows[i].type);
        g_autofree char *line = g_strdup_printf("%s %s", key->type, key->base64);
        g_assert_true(g_str_has_prefix(rows[i].text, line));
    }
}

/* Whatever is not exactly a key of the type that it says. */
static void
test_refused(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 AAAA",
        "ssh-rsa " BLOB_ED25519,
        "ssh-ed25519-cert-v01@openssh.com " BLOB_ED25519,
        " " KEY_ED25519,
        "ssh-ed25519 " BLOB_ED25519 "AAAA",
        "ssh-ed25519 \x01" BLOB_ED25519,
        "ssh-ed25519 AAAA" BLOB_ED25519,
        "ssh-ed25519 " BLOB_ED25519 "=",
        "ssh-dss AAAAB3NzaC1kc3MAAAABAQ==",
        "* " BLOB_ED25519,
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("row %u", i);
        g_assert_null(pst_ssh_key_parse(texts[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    }
}

static void
test_fingerprint(void)
{
    g_autofree char *of_line = pst_ssh_key_fingerprint(KEY_ED25519, NULL);
    g_autofree char *itself = pst_ssh_key_fingerprint(FINGERPRINT_ED25519, NULL);

    g_assert_cmpstr(of_line, ==, FINGERPRINT_ED25519);
    g_assert_cmpstr(itself, ==, FINGERPRINT_ED25519);
    g_assert_null(pst_ssh_key_fingerprint("SHA256:short", NULL));
    g_assert_null(pst_ssh_key_fingerprint("MD5:00:11", NULL));
    g_assert_cmpstr(pst_ssh_key_algorithms("ssh-rsa")[0], ==, "rsa-sha2-512");
    g_assert_null(pst_ssh_key_algorithms("ssh-none")[0]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ssh-key/parse", test_parse);
    g_test_add_func("/ssh-key/refused", test_refused);
    g_test_add_func("/ssh-key/fingerprint", test_fingerprint);
    return g_test_run();
}
