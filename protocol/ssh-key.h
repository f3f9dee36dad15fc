// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Public keys of SSH (RFC 4253 section 6.6, RFC 5656, RFC 8709; OpenSSH's PROTOCOL.u2f): one line
 * "TYPE BASE64 [COMMENT]". Whoever sent it may be hostile, so nothing is taken that is not exactly
 * a key of the type that it says. No private key is ever read here. */

#define PST_SSH_KEY_MAX_BLOB 8192 /* an RSA key of 16384 bits has 2,072 bytes */

typedef struct {
    char *type;        /* as "ssh-ed25519" */
    char *base64;      /* of the whole blob, as it stands in authorized_keys and known_hosts */
    char *fingerprint; /* "SHA256:…", as ssh-keygen -l prints it */
} PstSshKey;

/* The key at the beginning of TEXT, whatever comes behind it after white space. NULL with
 * PST_ERROR_INVALID_PARAMS. */
PstSshKey *pst_ssh_key_parse(const char *text, GError **error);

/* The key of a blob as it goes over the wire. */
PstSshKey *pst_ssh_key_from_blob(const guint8 *blob, gsize len, GError **error);

void pst_ssh_key_free(PstSshKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshKey, pst_ssh_key_free)

/* The fingerprint of what a caller names: a key's line, or a fingerprint itself. NULL with
 * PST_ERROR_INVALID_PARAMS. Free with g_free(). */
char *pst_ssh_key_fingerprint(const char *text, GError **error);

/* The names by which a key of that type signs: "ssh-rsa" is used as rsa-sha2-512 too. Static. */
const char *const *pst_ssh_key_algorithms(const char *type);

/* How many bits the modulus of an RSA key has; 0 for a key of another type. */
guint pst_ssh_key_rsa_bits(const PstSshKey *key);

/* Reads one string of the wire (a length in four bytes, most significant first, and as many bytes)
 * at *at, which moves behind it. FALSE where it is not all there. Borrowed from DATA. */
gboolean pst_ssh_key_read_string(const guint8 *data, gsize len, gsize *at, const guint8 **string,
                                 gsize *string_len);
