// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/file-text.h"

#include <errno.h>
#include <unistd.h>

#include "protocol/error.h"

#define FIRST_READ 4096

char *
pst_file_text_read(int fd, const char *path, gsize size, gsize max, gsize *len, GError **error)
{
    gsize room = size > 0 ? MIN(size, max) + 1 : FIRST_READ, asked;
    g_autofree char *text = g_malloc(room);
    gssize n;

    *len = 0;
    do {
        if (*len == room)
            text = g_realloc(text, room *= 2);
        asked = room - *len;
        n = read(fd, text + *len, asked);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (error != NULL)
                g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path,
                            g_strerror(errno));
            return NULL;
        }
        *len += (gsize)n;
        if (*len > max) {
            g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE,
                        "%s: larger than %" G_GSIZE_FORMAT " bytes", path, max);
            return NULL;
        }
    } while (n != 0 && (size == 0 || *len < size || (gsize)n == asked));
    if (*len + 1 != room)
        text = g_realloc(text, *len + 1);
    text[*len] = '\0';
    return g_steal_pointer(&text);
}
