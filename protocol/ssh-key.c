// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/ssh-key.h"

#include <string.h>

#include "protocol/error.h"

#define FINGERPRINT "SHA256:"
#define FINGERPRINT_LENGTH 43 /* of 32 bytes in base64, without padding */
#define ED25519_BYTES 32

#define RSA_NAMES "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"

/* What a blob holds behind its type: so many strings, the first of them CURVE where there is one.
 */
static const struct {
    const char *type;
    guint strings;
    const char *curve;
    const char *algorithms[4];
} types[] = {
    {"ssh-ed25519", 1, NULL, {"ssh-ed25519"}},
    {"ssh-rsa", 2, NULL, {RSA_NAMES}},
    {"ssh-dss", 4, NULL, {"ssh-dss"}},
    {"ecdsa-sha2-nistp256", 2, "nistp256", {"ecdsa-sha2-nistp256"}},
    {"ecdsa-sha2-nistp384", 2, "nistp384", {"ecdsa-sha2-nistp384"}},
    {"ecdsa-sha2-nistp521", 2, "nistp521", {"ecdsa-sha2-nistp521"}},
    {"sk-ssh-ed25519@openssh.com", 2, NULL, {"sk-ssh-ed25519@openssh.com"}},
    {"sk-ecdsa-sha2-nistp256@openssh.com", 3, "nistp256", {"sk-ecdsa-sha2-nistp256@openssh.com"}},
};

gboolean
pst_ssh_key_read_string(const guint8 *data, gsize len, gsize *at, const guint8 **string,
                        gsize *string_len)
{
    guint32 size;

    if (*at > len || len - *at < sizeof(size))
        return FALSE;
    memcpy(&size, data + *at, sizeof(size));
    size = GUINT32_FROM_BE(size);
    if (size > len - *at - sizeof(size))
        return FALSE;
    *string = data + *at + sizeof(size);
    *string_len = size;
    *at += sizeof(size) + size;
    return TRUE;
}

static gboolean
is_text(const guint8 *string, gsize len, const char *text)
{
    return len == strlen(text) && memcmp(string, text, len) == 0;
}

/* Whether the blob is exactly a key of the type in row N. */
static gboolean
is_key_of(const guint8 *blob, gsize len, guint n)
{
    const guint8 *string;
    gsize at = 0, string_len;

    if (!pst_ssh_key_read_string(blob, len, &at, &string, &string_len) ||
        !is_text(string, string_len, types[n].type))
        return FALSE;
    for (guint i = 0; i < types[n].strings; i++) {
        if (!pst_ssh_key_read_string(blob, len, &at, &string, &string_len) || string_len == 0)
            return FALSE;
        if (i == 0 && types[n].curve != NULL && !is_text(string, string_len, types[n].curve))
            return FALSE;
        if (i == 0 && strstr(types[n].type, "ed25519") != NULL && string_len != ED25519_BYTES)
            return FALSE;
    }
    return at == len;
}

static char *
fingerprint_of(const guint8 *blob, gsize len)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize digest_len = sizeof(digest);

    g_checksum_update(checksum, blob, (gssize)len);
    g_checksum_get_digest(checksum, digest, &digest_len);
    g_autofree char *base64 = g_base64_encode(digest, digest_len);
    base64[strcspn(base64, "=")] = '\0';
    return g_strconcat(FINGERPRINT, base64, NULL);
}

PstSshKey *
pst_ssh_key_from_blob(const guint8 *blob, gsize len, GError **error)
{
    for (guint i = 0; len <= PST_SSH_KEY_MAX_BLOB && i < G_N_ELEMENTS(types); i++) {
        if (!is_key_of(blob, len, i))
            continue;
        PstSshKey *key = g_new0(PstSshKey, 1);
        key->type = g_strdup(types[i].type);
        key->base64 = g_base64_encode(blob, len);
        key->fingerprint = fingerprint_of(blob, len);
        return key;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "no public key of a known type");
    return NULL;
}

/* The bytes of the word, which must be base64 as an encoder writes it: g_base64_decode() passes
 * over whatever it does not know. */
static guint8 *
decode(const char *word, gsize word_len, gsize *len)
{
    g_autofree char *text = g_strndup(word, word_len);
    g_autofree guint8 *blob = NULL;

    if (word_len == 0 || word_len > PST_SSH_KEY_MAX_BLOB * 4 / 3 + 4)
        return NULL;
    blob = g_base64_decode(text, len);
    g_autofree char *again = g_base64_encode(blob, *len);
    return g_str_equal(again, text) ? g_steal_pointer(&blob) : NULL;
}

PstSshKey *
pst_ssh_key_parse(const char *text, GError **error)
{
    gsize type_len = strcspn(text, " \t"), len = 0;
    const char *word = text + type_len + strspn(text + type_len, " \t");
    g_autofree guint8 *blob = decode(word, strcspn(word, " \t\r\n"), &len);
    g_autoptr(PstSshKey) key = NULL;

    if (blob == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "no public key in base64");
        return NULL;
    }
    key = pst_ssh_key_from_blob(blob, len, error);
    if (key == NULL)
        return NULL;
    if (strlen(key->type) != type_len || strncmp(key->type, text, type_len) != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "the key is not of the type that stands before it");
        return NULL;
    }
    return g_steal_pointer(&key);
}

void
pst_ssh_key_free(PstSshKey *key)
{
    g_free(key->type);
    g_free(key->base64);
    g_free(key->fingerprint);
    g_free(key);
}

static gboolean
is_fingerprint(const char *text)
{
    const char *digest = text + strlen(FINGERPRINT);

    return g_str_has_prefix(text, FINGERPRINT) && strlen(digest) == FINGERPRINT_LENGTH &&
           strspn(digest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
               FINGERPRINT_LENGTH;
}

char *
pst_ssh_key_fingerprint(const char *text, GError **error)
{
    g_autoptr(PstSshKey) key = NULL;

    if (is_fingerprint(text))
        return g_strdup(text);
    key = pst_ssh_key_parse(text, error);
    return key != NULL ? g_strdup(key->fingerprint) : NULL;
}

const char *const *
pst_ssh_key_algorithms(const char *type)
{
    static const char *const none[] = {NULL};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].type, type))
            return types[i].algorithms;
    return none;
}

guint
pst_ssh_key_rsa_bits(const PstSshKey *key)
{
    gsize len = 0, at = 0, part_len = 0;
    g_autofree guint8 *blob = g_base64_decode(key->base64, &len);
    const guint8 *part = NULL;

    if (!g_str_equal(key->type, "ssh-rsa"))
        return 0;
    for (guint i = 0; i < 3; i++) /* the type, the exponent, the modulus (RFC 4253, 6.6) */
        if (!pst_ssh_key_read_string(blob, len, &at, &part, &part_len))
            return 0;
    while (part_len > 0 && *part == 0) {
        part++;
        part_len--;
    }
    return part_len > 0 ? (guint)(part_len - 1) * 8 + g_bit_storage(*part) : 0;
}
