// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"

/* What sshd asks of the path to a user's file before it takes it (OpenSSH's misc.c, safe_path();
 * Debian's and Ubuntu's user-group-modes.patch): that the user can read it, and, with StrictModes,
 * that nobody else could have written it. Folders above the user's home are not looked at. */

typedef enum {
    PST_SSHD_PATH_FINE,
    PST_SSHD_PATH_UNREADABLE, /* the user can't reach or read it */
    PST_SSHD_PATH_OWNER,      /* it belongs to somebody else, who is not root */
    PST_SSHD_PATH_MODE,       /* others than the user can write to it */
    PST_SSHD_PATH_NO_FILE,    /* it is no regular file */
} PstSshdPathVerdict;

typedef struct {
    PstSshdPathVerdict verdict;
    char *path; /* the file or folder that is at fault, where its links lead to */
    guint mode; /* its permission bits */
    gint64 uid, gid;
} PstSshdPath;

void pst_sshd_path_clear(PstSshdPath *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstSshdPath, pst_sshd_path_clear)

/* Judges PATH for the user. By the permission bits alone: access lists are not looked at. FALSE
 * where it can't be looked at; PST_ERROR_ABSENT where it is not there. */
gboolean pst_sshd_path_check(const PstSysroot *sysroot, const PstAccounts *accounts,
                             const PstAccount *user, const char *path, gboolean strict,
                             PstSshdPath *found, GError **error);
