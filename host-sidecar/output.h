// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Writes TEXT to the file at PATH (replaced as a whole or not at all; a pipe or a device is written
 * to), or to standard output where PATH is NULL. FALSE with PST_ERROR_OUTPUT: a closed pipe and a
 * full disk are errors. */
gboolean pst_output_write(const char *path, const char *text, GError **error);

/* The same for what others are to read, as the node exporter does: a new file is readable to all.
 */
gboolean pst_output_publish(const char *path, const char *text, GError **error);
