// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Writes all LEN bytes, however often write(2) takes only a part or is interrupted. FALSE with
 * errno: then a part of them may stand there. */
gboolean pst_write_all(int fd, gconstpointer data, gsize len);
