// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Nothing that a guest wrote may be obeyed by a terminal: C0 and C1 controls, DEL, the Unicode
 * controls of direction and what is not a character are shown, not sent. */

/* TEXT with \n, \t and \xNN or \u{NNNN} for such characters; what is not UTF-8 byte by byte. With
 * KEEP_LINES line feeds and tabs stay. Free with g_free(). */
char *pst_escape_text(const char *text, gboolean keep_lines);

/* The same for a JSON text, where \uNNNN says it without changing the meaning. Free with g_free().
 */
char *pst_escape_json(const char *json);
