// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The whole of what FD is open on, followed by a NUL, in a block that is no larger; free it with
 * g_free(). SIZE is what stat(2) says of a regular file: once so much is read, a read that brings
 * less than it asked for was the last one. 0 where that is not known, or is not true, as of /proc.
 * NULL with PST_ERROR_TOO_LARGE for more than MAX bytes, or PST_ERROR_UNAVAILABLE; PATH is for the
 * message. */
char *pst_file_text_read(int fd, const char *path, gsize size, gsize max, gsize *len,
                         GError **error);
