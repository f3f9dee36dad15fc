// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"

/* How long a FIFO's reader may be late. */
#define FIFO_US (2 * G_USEC_PER_SEC)
#define FIFO_PAUSE_US 20000

static gboolean
fail(const char *what, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s: %s", what, g_strerror(errno));
    return FALSE;
}

/* Whoever made it non-blocking, as a parent that shares it may, reads it when they come to it. */
static gboolean
wait_for_room(int fd)
{
    struct pollfd room = {fd, POLLOUT, 0};

    return poll(&room, 1, -1) > 0 || errno == EINTR;
}

static gboolean
write_all(int fd, const char *what, const char *text, GError **error)
{
    gsize left = strlen(text);

    while (left > 0) {
        gssize n = write(fd, text, left);

        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(fd))))
            continue;
        if (n < 0)
            return fail(what, error);
        text += n;
        left -= (gsize)n;
    }
    return TRUE;
}

/* A FIFO that nobody reads does not hold the program up for good. */
static int
open_special(const char *path)
{
    gint64 until_us = g_get_monotonic_time() + FIFO_US;
    int fd;

    while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0 &&
           (errno == EINTR || (errno == ENXIO && g_get_monotonic_time() < until_us)))
        g_usleep(FIFO_PAUSE_US);
    return fd;
}

/* A pipe or a device is written to; to replace it by a file would destroy it (/dev/null, as root).
 */
static gboolean
write_special(const char *path, const char *text, GError **error)
{
    int fd = open_special(path);

    if (fd < 0)
        return fail(path, error);
    gboolean written = write_all(fd, path, text, error);
    close(fd);
    return written;
}

/* Beside the file, then renamed over it, with the mode that it had; a new one is for its owner
 * alone, because reports hold what a guest does not tell everybody. */
static gboolean
replace_file(const char *path, mode_t mode, const char *text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, (int)mode, &cause))
        return chmod(path, mode) == 0 || fail(path, error);
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s", cause->message);
    return FALSE;
}

/* What a symbolic link leads to is written, not the link. A file that has lost its name, as one
 * that /dev/stdout may lead to, is written where it is. MODE is for a new file. */
static gboolean
write_file(const char *path, mode_t mode, const char *text, GError **error)
{
    struct stat st;

    if (stat(path, &st) == 0) {
        char *real = S_ISREG(st.st_mode) ? realpath(path, NULL) : NULL;
        gboolean written = real != NULL ? replace_file(real, st.st_mode & 07777, text, error)
                                        : write_special(path, text, error);
        free(real);
        return written;
    }
    /* A link that leads nowhere is there itself. */
    if (errno != ENOENT)
        return fail(path, error);
    if (lstat(path, &st) < 0)
        return replace_file(path, mode, text, error);
    errno = ENOENT;
    return fail(path, error);
}

gboolean
pst_output_write(const char *path, const char *text, GError **error)
{
    if (path == NULL)
        return write_all(STDOUT_FILENO, "standard output", text, error);
    return write_file(path, 0600, text, error);
}

gboolean
pst_output_publish(const char *path, const char *text, GError **error)
{
    return write_file(path, 0644, text, error);
}
