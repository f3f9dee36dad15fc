// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-send.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* By way of a descriptor, so that the socket is the sysroot's own and its path may be long. */
gboolean
pst_journal_send(const PstSysroot *sysroot, const GString *record)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int place = pst_sysroot_open(sysroot, JOURNAL_SOCKET, O_PATH, NULL);
    int fd = place < 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    gssize sent = -1;

    if (fd >= 0) {
        g_snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
        sent = sendto(fd, record->str, record->len, MSG_NOSIGNAL, (struct sockaddr *)&address,
                      sizeof(address));
        close(fd);
    }
    if (place >= 0)
        close(place);
    return sent == (gssize)record->len;
}
