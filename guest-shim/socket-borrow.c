// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/socket-borrow.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Their numbers are the same everywhere; the C library has no functions for them before 2.36. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static PstTri
ask(int fd, guint64 inode)
{
    struct stat st;
    int only = 0;
    socklen_t len = sizeof(only);

    if (fstat(fd, &st) < 0 || st.st_ino != inode ||
        getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) < 0)
        return PST_TRI_UNKNOWN;
    return PST_TRI(only != 0);
}

PstTri
pst_socket_borrow_only6(gint64 pid, int fd, guint64 inode)
{
    int process = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);

    if (process < 0)
        return PST_TRI_UNKNOWN;
    int own = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    close(process);
    if (own < 0)
        return PST_TRI_UNKNOWN;
    PstTri only6 = ask(own, inode);
    close(own);
    return only6;
}
