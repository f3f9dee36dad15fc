// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED): who it was when it
 * connected. What /proc tells beyond that (its name, who had logged in) is taken only while the
 * process is held by a pidfd and is still that user's, so that a number that was used again names
 * nobody else's process. */

typedef struct {
    guint uid, gid;
    gint64 pid;
    gint64 login;     /* who had logged in, right across sudo; -1 where that is not known */
    char *program;    /* as it calls itself: a hint and no proof; NULL where it is not known */
    char *executable; /* its file; NULL where it may not be seen, as another user's without
                       * CAP_SYS_PTRACE */
} PstCaller;

/* FALSE with PST_ERROR_NO_PERMISSION where the kernel does not say. */
gboolean pst_caller_read(int fd, PstCaller *caller, GError **error);
void pst_caller_clear(PstCaller *caller);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstCaller, pst_caller_clear)

/* The groups of the peer, GID (its own one) first, as they were when it connected. Sets *n; free
 * with g_free(). */
guint *pst_caller_groups(int fd, guint gid, guint *n);

/* As `alice (uid 1000), process 4711 (python3)`, for the audit and the guest's own records. Waits
 * for NSS as pst_audit_describe() does. Free with g_free(). */
char *pst_caller_describe(const PstCaller *caller);
