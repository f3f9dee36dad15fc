// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/log-queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Of a socket that is connected to one whose queue is full, unix(7) does not say that it can be
 * written to. */
static PstTri
await_room(int fd, gint64 wait_ms)
{
    gint64 until_us = g_get_monotonic_time() + wait_ms * 1000;
    struct pollfd wanted = {fd, POLLOUT, 0};

    for (;;) {
        gint64 left_us = MAX(0, until_us - g_get_monotonic_time());
        int n = poll(&wanted, 1, (int)((left_us + 999) / 1000));

        if (n == 0)
            return PST_TRI_YES;
        if (n > 0)
            return (wanted.revents & POLLOUT) != 0 ? PST_TRI_NO : PST_TRI_UNKNOWN;
        if (errno != EINTR)
            return PST_TRI_UNKNOWN;
    }
}

PstTri
pst_log_queue_is_full(const char *path, gint64 wait_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return PST_TRI_UNKNOWN;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return PST_TRI_UNKNOWN;
    PstTri full = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0
                      ? await_room(fd, wait_ms)
                      : PST_TRI_UNKNOWN;
    close(fd);
    return full;
}
