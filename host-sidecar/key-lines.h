// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What GKeyFile passes over in silence in the text of a key file: a key or a group that is there
 * twice (the first is lost), a key of one language (that is lost, where it is not the reader's),
 * and a NUL. FALSE with PST_ERROR_USAGE, which names the lines. */
gboolean pst_key_lines_check(const char *text, gsize len, GError **error);
