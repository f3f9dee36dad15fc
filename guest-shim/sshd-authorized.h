// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"
#include "protocol/ssh-key.h"

/* The lines of an authorized_keys file as sshd reads them (sshd(8), AUTHORIZED_KEYS FILE FORMAT;
 * OpenSSH's auth2-pubkeyfile.c and auth-options.c). */

typedef struct {
    guint line; /* from 1 */
    PstSshKey *key;
    char *from;          /* the list of from="…"; NULL without */
    char *expires;       /* the moment of expiry-time="…"; NULL without */
    gboolean forced;     /* command="…": no other one is run */
    gboolean authority;  /* signs other keys, and is none itself */
    gboolean bad_option; /* it has an option that sshd does not know, and so passes it over */
} PstSshdAuthorizedKey;

/* The keys in TEXT: of PstSshdAuthorizedKey, at most 10,000, owned by the caller. *n_bad is the
 * number of lines that are neither empty nor a comment nor a key. */
GPtrArray *pst_sshd_authorized_parse(const char *text, guint *n_bad);

/* Whether the moment of an expiry-time (YYYYMMDD[HHMM[SS]][Z], in the guest's own time without the
 * Z) has come. Unknown where it is no such moment. */
PstTri pst_sshd_authorized_is_expired(const char *expires, gint64 now_s);
