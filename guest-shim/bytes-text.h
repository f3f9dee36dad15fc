// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A number of bytes for people, as "1.4 GiB". Free with g_free(). */
char *pst_bytes_text(gint64 bytes);
