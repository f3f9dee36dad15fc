// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-host-key.h"

#include <string.h>
#include <unistd.h>

#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1"
#define MAX_PUBLIC_FILE (64 * 1024)
#define MAX_HEAD 4096 /* the public half of an RSA key of 16384 bits fits in */

/* Behind the magic: cipher, key derivation, its options, the number of keys, the public one. */
static PstSshKey *
parse_head(const guint8 *head, gsize len)
{
    const guint8 *string;
    gsize at = sizeof(MAGIC), string_len;

    if (len < at || memcmp(head, MAGIC, sizeof(MAGIC)) != 0)
        return NULL;
    for (guint i = 0; i < 3; i++)
        if (!pst_ssh_key_read_string(head, len, &at, &string, &string_len))
            return NULL;
    at += sizeof(guint32);
    if (!pst_ssh_key_read_string(head, len, &at, &string, &string_len))
        return NULL;
    return pst_ssh_key_from_blob(string, string_len, NULL);
}

PstSshKey *
pst_sshd_host_key_parse(const char *text)
{
    gint state = 0;
    guint save = 0;
    guint8 head[MAX_HEAD];
    PstSshKey *key;

    if (!g_str_has_prefix(text, BEGIN))
        return NULL;
    text += strlen(BEGIN);
    gsize len = g_base64_decode_step(text, MIN(strcspn(text, "-"), MAX_HEAD), head, &state, &save);
    key = parse_head(head, len);
    explicit_bzero(head, sizeof(head));
    return key;
}

static PstSshKey *
read_private(const PstSysroot *sysroot, const char *path)
{
    char text[MAX_HEAD + 1];
    struct stat st;
    PstSshKey *key = NULL;
    int fd = pst_sysroot_open_file(sysroot, path, 0, NULL);

    if (fd < 0)
        return NULL;
    gssize n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, text, MAX_HEAD) : -1;
    close(fd);
    if (n <= 0)
        return NULL;
    text[n] = '\0';
    key = pst_sshd_host_key_parse(text);
    explicit_bzero(text, sizeof(text));
    return key;
}

PstSshKey *
pst_sshd_host_key_read(const PstSysroot *sysroot, const char *path)
{
    PstSshKey *key = read_private(sysroot, path);
    g_autofree char *public_path = g_strconcat(path, ".pub", NULL);
    g_autofree char *text = NULL;

    if (key != NULL)
        return key;
    text = pst_sysroot_read(sysroot, public_path, MAX_PUBLIC_FILE, NULL, NULL);
    return text != NULL ? pst_ssh_key_parse(text, NULL) : NULL;
}
