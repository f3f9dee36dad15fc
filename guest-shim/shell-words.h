// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The words and operators of a shell script (POSIX's Shell Command Language, 2.3; bash(1)). */

typedef struct {
    char *text;     /* as it stands there, with its quotation marks; "\n" for the end of a line */
    guint line;     /* from 1 */
    gboolean is_op; /* an operator: `;`, `&&`, `(`, … */
} PstShellWord;

/* All of them, of PstShellWord; what comments and here-documents say is left out, and redirections
 * of numbered files are without their number. *broken is the line at which it could not go on (a
 * quotation mark without its end, too much of it); 0 where it came to the end. */
GPtrArray *pst_shell_words_split(const char *text, guint *broken);
