// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/error.h"

#define GROUP_KERNEL 1

int
pst_uevent_open(GError **error)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL};
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;

    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the kernel tells nothing of devices: %s",
                g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

void
pst_uevent_drain(int fd)
{
    char buffer[4096];

    while (recv(fd, buffer, sizeof(buffer), 0) > 0 || errno == EINTR || errno == ENOBUFS)
        errno = 0;
}
