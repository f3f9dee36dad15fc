// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/caller.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host-sidecar/audit.h"
#include "host-sidecar/escape.h"
#include "protocol/error.h"

/* Linux 6.5; Debian 12's headers do not have it. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* Holds the peer itself, or, before Linux 6.5, whatever has its number now. */
static int
hold(int fd, gint64 pid)
{
    int pidfd = -1;
    socklen_t len = sizeof(pidfd);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
        return pidfd;
    return pid > 0 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
}

static gboolean
has_ended(int pidfd)
{
    struct pollfd look = {pidfd, POLLIN, 0};

    return poll(&look, 1, 0) != 0;
}

static char *
read_proc(gint64 pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/%s", pid, name);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    return g_strdup(g_strchomp(text));
}

static gboolean
belongs_to(gint64 pid, guint uid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT, pid);
    struct stat st;

    return stat(path, &st) == 0 && st.st_uid == uid;
}

static void
look_closer(int fd, PstCaller *caller)
{
    int pidfd = hold(fd, caller->pid);

    if (pidfd < 0)
        return;
    g_autofree char *program = read_proc(caller->pid, "comm");
    g_autofree char *login = read_proc(caller->pid, "loginuid");
    g_autofree char *link = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/exe", caller->pid);
    g_autofree char *executable = g_file_read_link(link, NULL);
    guint64 number = 0;
    if (belongs_to(caller->pid, caller->uid) && !has_ended(pidfd)) {
        caller->program = g_steal_pointer(&program);
        caller->executable = g_steal_pointer(&executable);
        if (login != NULL &&
            g_ascii_string_to_unsigned(login, 10, 0, G_MAXUINT32 - 1, &number, NULL))
            caller->login = (gint64)number;
    }
    close(pidfd);
}

gboolean
pst_caller_read(int fd, PstCaller *caller, GError **error)
{
    struct ucred credentials;
    socklen_t len = sizeof(credentials);

    *caller = (PstCaller){.login = -1};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0 ||
        len != sizeof(credentials) || credentials.uid == (uid_t)-1) {
        g_set_error(error, PST_ERROR, PST_ERROR_NO_PERMISSION, "the kernel does not say who calls");
        return FALSE;
    }
    caller->uid = credentials.uid;
    caller->gid = credentials.gid;
    caller->pid = credentials.pid;
    look_closer(fd, caller);
    return TRUE;
}

guint *
pst_caller_groups(int fd, guint gid, guint *n)
{
    socklen_t len = NGROUPS_MAX * sizeof(gid_t);
    g_autofree gid_t *more = g_malloc(len);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, more, &len) < 0)
        len = 0;
    *n = 1 + (guint)(len / sizeof(gid_t));
    guint *groups = g_new(guint, *n);
    groups[0] = gid;
    for (guint i = 1; i < *n; i++)
        groups[i] = more[i - 1];
    return groups;
}

void
pst_caller_clear(PstCaller *caller)
{
    g_clear_pointer(&caller->program, g_free);
    g_clear_pointer(&caller->executable, g_free);
}

char *
pst_caller_describe(const PstCaller *caller)
{
    g_autofree char *user = pst_audit_describe(caller->uid, caller->login);

    if (caller->pid <= 0)
        return g_steal_pointer(&user);
    if (caller->program == NULL)
        return g_strdup_printf("%s, process %" G_GINT64_FORMAT, user, caller->pid);
    g_autofree char *program = pst_escape_text(caller->program, FALSE);
    return g_strdup_printf("%s, process %" G_GINT64_FORMAT " (%s)", user, caller->pid, program);
}
