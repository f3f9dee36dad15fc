// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-identity.h"

#include <string.h>

#define ID_BYTES 16

/* Of postern alone, and never another: ids of before would be strangers. */
static const guint8 application[ID_BYTES] = {0x7c, 0x1e, 0x0d, 0x5a, 0x93, 0x44, 0x4b, 0xd6,
                                             0xa8, 0x2f, 0x61, 0x07, 0xe5, 0xb9, 0x3c, 0x18};

/* Of a transport there may be a host between the two slashes and the next one. */
static gboolean
is_local(const char *uri)
{
    const char *host = uri != NULL ? strstr(uri, "://") : NULL;

    return host != NULL && host[strlen("://")] == '/';
}

static gboolean
read_bytes(const char *text, guint8 bytes[ID_BYTES])
{
    for (gsize i = 0; i < 2 * ID_BYTES; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (digit < 0)
            return FALSE;
        bytes[i / 2] = (guint8)(i % 2 == 0 ? digit << 4 : bytes[i / 2] | digit);
    }
    return text[2 * ID_BYTES] == '\0' || text[2 * ID_BYTES] == '\n';
}

char *
pst_host_identity_hash(const char *machine_id)
{
    guint8 key[ID_BYTES], digest[32];
    gsize len = sizeof digest;
    g_autoptr(GString) id = g_string_new(NULL);

    if (!read_bytes(machine_id, key))
        return NULL;
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, key, sizeof key);
    g_hmac_update(hmac, application, sizeof application);
    g_hmac_get_digest(hmac, digest, &len);
    /* As a UUID of version 4, which that function makes of it. */
    digest[6] = (guint8)((digest[6] & 0x0F) | 0x40);
    digest[8] = (guint8)((digest[8] & 0x3F) | 0x80);
    for (gsize i = 0; i < ID_BYTES; i++)
        g_string_append_printf(id, "%02x", digest[i]);
    return g_string_free(g_steal_pointer(&id), FALSE);
}

void
pst_host_identity_read(const char *uri, PstHostIdentity *identity)
{
    g_autofree char *text = NULL;

    *identity = (PstHostIdentity){NULL, NULL};
    if (!is_local(uri))
        return;
    identity->name = g_strdup(g_get_host_name());
    if (g_file_get_contents("/etc/machine-id", &text, NULL, NULL))
        identity->id = pst_host_identity_hash(text);
}

void
pst_host_identity_clear(PstHostIdentity *identity)
{
    g_clear_pointer(&identity->name, g_free);
    g_clear_pointer(&identity->id, g_free);
}
