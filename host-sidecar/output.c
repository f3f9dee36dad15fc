// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"

static gboolean
fail(const char *what, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s: %s", what, g_strerror(errno));
    return FALSE;
}

static gboolean
write_all(int fd, const char *what, const char *text, GError **error)
{
    gsize left = strlen(text);

    while (left > 0) {
        gssize n = write(fd, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(what, error);
        text += n;
        left -= (gsize)n;
    }
    return TRUE;
}

/* A pipe or a device is written to; to replace it by a file would destroy it (/dev/null, as root).
 */
static gboolean
write_special(const char *path, const char *text, GError **error)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return fail(path, error);
    gboolean written = write_all(fd, path, text, error);
    close(fd);
    return written;
}

/* Beside the file, then renamed over it; over what a symbolic link leads to, not over the link. */
static gboolean
replace_file(const char *path, const char *text, GError **error)
{
    char *real = realpath(path, NULL); /* NULL where it is not there yet */
    g_autoptr(GError) cause = NULL;
    gboolean written = g_file_set_contents_full(real != NULL ? real : path, text, -1,
                                                G_FILE_SET_CONTENTS_CONSISTENT, 0644, &cause);

    free(real);
    if (!written)
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s", cause->message);
    return written;
}

gboolean
pst_output_write(const char *path, const char *text, GError **error)
{
    struct stat st;

    if (path == NULL)
        return write_all(STDOUT_FILENO, "standard output", text, error);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_special(path, text, error);
    return replace_file(path, text, error);
}
