// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-sidecar/server.h"
#include "protocol/error.h"

#define BACKLOG 64

static int
fail(int fd, const char *path, int code, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, code, "%s: %s", path, why);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A socket whose owner ended without a word; never anything else that bears the name. */
static gboolean
remove_dead(const struct sockaddr_un *address)
{
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return FALSE;
    gboolean dead = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
                    errno == ECONNREFUSED;
    close(fd);
    return dead && lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
           unlink(address->sun_path) == 0;
}

int
pst_server_bind(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
        return fail(fd, path, PST_ERROR_USAGE, "the path is too long for a socket", error);
    if (fd < 0)
        return fail(fd, path, PST_ERROR_USAGE, g_strerror(errno), error);
    /* From the first moment on it is nobody's but its owner's; the mode follows. */
    mode_t mask = umask(0177);
    int bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
    int reason = errno;
    if (bound < 0 && reason == EADDRINUSE && remove_dead(&address)) {
        bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
        reason = errno;
    }
    umask(mask);
    if (bound < 0)
        return fail(fd, path, reason == EADDRINUSE ? PST_ERROR_BUSY : PST_ERROR_USAGE,
                    reason == EADDRINUSE ? "it is there, and somebody listens on it, or it is no "
                                           "socket"
                                         : g_strerror(reason),
                    error);
    if (chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0)
        return fail(fd, path, PST_ERROR_USAGE, g_strerror(errno), error);
    return fd;
}
