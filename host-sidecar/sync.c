// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

gboolean
pst_sync_fd(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
}

static gboolean
sync_and_close(int fd)
{
    if (fd < 0)
        return FALSE;
    gboolean synced = pst_sync_fd(fd);
    int why = errno;
    close(fd);
    errno = why;
    return synced;
}

gboolean
pst_sync_path(const char *path)
{
    return sync_and_close(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

gboolean
pst_sync_at(int fd, const char *path)
{
    return sync_and_close(openat(fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}
