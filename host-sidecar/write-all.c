// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/write-all.h"

#include <errno.h>
#include <unistd.h>

gboolean
pst_write_all(int fd, gconstpointer data, gsize len)
{
    const guint8 *at = data;

    while (len > 0) {
        gssize n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        at += n;
        len -= (gsize)n;
    }
    return TRUE;
}
