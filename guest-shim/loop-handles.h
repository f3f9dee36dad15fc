// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <unistd.h>

#include <glib.h>

/* What an object of the main loop holds, given back and marked as such: to do it twice is fine. */

static inline void
pst_loop_handles_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static inline void
pst_loop_handles_remove(guint *source)
{
    if (*source != 0)
        g_source_remove(*source);
    *source = 0;
}
