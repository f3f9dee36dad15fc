// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"

static gboolean
write_stdout(const char *text, GError **error)
{
    gsize left = strlen(text);

    while (left > 0) {
        gssize n = write(STDOUT_FILENO, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "standard output: %s",
                        g_strerror(errno));
            return FALSE;
        }
        text += n;
        left -= (gsize)n;
    }
    return TRUE;
}

gboolean
pst_output_write(const char *path, const char *text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (path == NULL)
        return write_stdout(text, error);
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &cause))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s", cause->message);
    return FALSE;
}
