// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What an SSH server sends first, before any key is exchanged: its version line (RFC 4253 section
 * 4.2) and the lists of its algorithms, SSH_MSG_KEXINIT (section 7.1). */

typedef enum {
    PST_SSH_KEXINIT_KEX,
    PST_SSH_KEXINIT_HOSTKEY,
    PST_SSH_KEXINIT_CIPHERS_IN, /* from the client to the server */
    PST_SSH_KEXINIT_CIPHERS_OUT,
    PST_SSH_KEXINIT_MACS_IN,
    PST_SSH_KEXINIT_MACS_OUT,
    PST_SSH_KEXINIT_N,
} PstSshKexinitList;

typedef struct {
    char *version; /* "SSH-2.0-OpenSSH_9.2p1 Debian-2", NULL where none came; valid UTF-8 */
    char **lists[PST_SSH_KEXINIT_N];
} PstSshKexinit;

/* What came; *complete is FALSE where more is to come, and then nothing may be made of the lists,
 * which are NULL. NULL with PST_ERROR_PROTOCOL where it is no SSH server that talks. */
PstSshKexinit *pst_ssh_kexinit_parse(const guint8 *data, gsize len, gboolean *complete,
                                     GError **error);
void pst_ssh_kexinit_free(PstSshKexinit *kexinit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshKexinit, pst_ssh_kexinit_free)

/* More than this is never needed. */
#define PST_SSH_KEXINIT_MAX (48 * 1024)
