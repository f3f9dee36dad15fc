// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* That what was written outlasts a loss of power. Each blocks for as long as the disk takes, and is
 * FALSE with errno. A file system that knows no such thing is no failure. */

gboolean pst_sync_fd(int fd);

/* A file or a folder, at an absolute or relative path. */
gboolean pst_sync_path(const char *path);

/* The same below the folder that FD is of. No link is followed. */
gboolean pst_sync_at(int fd, const char *path);
