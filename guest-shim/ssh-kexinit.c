// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-kexinit.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/ssh-key.h"

#define MAX_LINES 50
#define MAX_LINE 8192
#define MAX_PACKET 35000 /* RFC 4253 section 6.1 */
#define MSG_KEXINIT 20
#define COOKIE_BYTES 16

void
pst_ssh_kexinit_free(PstSshKexinit *kexinit)
{
    g_free(kexinit->version);
    for (guint i = 0; i < PST_SSH_KEXINIT_N; i++)
        g_strfreev(kexinit->lists[i]);
    g_free(kexinit);
}

/* Finds the version line at *at, which moves behind it; other lines may come before. FALSE where
 * none can come any more. */
static gboolean
take_version(PstSshKexinit *kexinit, const guint8 *data, gsize len, gsize *at)
{
    for (guint i = 0; i < MAX_LINES; i++) {
        const guint8 *begin = data + *at;
        const guint8 *end = *at < len ? memchr(begin, '\n', MIN(len - *at, MAX_LINE)) : NULL;

        if (end == NULL)
            return len - *at < MAX_LINE;
        *at += (gsize)(end - begin) + 1;
        if (end - begin < 4 || memcmp(begin, "SSH-", 4) != 0)
            continue;
        g_autofree char *line = g_utf8_make_valid((const char *)begin, end - begin);
        kexinit->version = g_strdup(g_strchomp(line));
        return TRUE;
    }
    return FALSE;
}

static guint32
read_number(const guint8 *data)
{
    guint32 number;

    memcpy(&number, data, sizeof(number));
    return GUINT32_FROM_BE(number);
}

/* Names are printable ASCII without commas (RFC 4251 section 6). */
static char **
split_names(const guint8 *string, gsize len)
{
    g_autofree char *text = g_strndup((const char *)string, len);

    for (gsize i = 0; i < len; i++)
        if (string[i] <= ' ' || string[i] > '~')
            return NULL;
    return g_strsplit(text, ",", -1);
}

static gboolean
take_lists(PstSshKexinit *kexinit, const guint8 *payload, gsize len)
{
    gsize at = 1 + COOKIE_BYTES;

    if (len < at || payload[0] != MSG_KEXINIT)
        return FALSE;
    for (guint i = 0; i < PST_SSH_KEXINIT_N; i++) {
        const guint8 *string;
        gsize string_len;

        if (!pst_ssh_key_read_string(payload, len, &at, &string, &string_len))
            return FALSE;
        kexinit->lists[i] = split_names(string, string_len);
        if (kexinit->lists[i] == NULL)
            return FALSE;
    }
    return TRUE;
}

/* A packet: its length, the padding's length, payload, padding; nothing is encrypted yet. */
static gboolean
take_packet(PstSshKexinit *kexinit, const guint8 *data, gsize len, gboolean *complete)
{
    gsize size, padding;

    if (len < 5)
        return TRUE;
    size = read_number(data);
    padding = data[4];
    if (size > MAX_PACKET || size < padding + 2)
        return FALSE;
    if (len - 4 < size)
        return TRUE;
    *complete = TRUE;
    return take_lists(kexinit, data + 5, size - padding - 1);
}

PstSshKexinit *
pst_ssh_kexinit_parse(const guint8 *data, gsize len, gboolean *complete, GError **error)
{
    g_autoptr(PstSshKexinit) kexinit = g_new0(PstSshKexinit, 1);
    gsize at = 0;

    *complete = FALSE;
    if (len == 0)
        return g_steal_pointer(&kexinit);
    if (!take_version(kexinit, data, len, &at) ||
        (kexinit->version != NULL && !take_packet(kexinit, data + at, len - at, complete))) {
        *complete = FALSE;
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                    "what answers does not begin a key exchange of SSH");
        return NULL;
    }
    return g_steal_pointer(&kexinit);
}
