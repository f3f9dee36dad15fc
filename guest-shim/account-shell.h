// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What a login shell does with a command that comes over SSH, as far as its name and the files that
 * it reads then tell. */

/* Whether it runs what it is asked for: no for those that refuse or do something else (nologin,
 * true, git-shell), yes for the shells that are known, else unknown. */
PstTri pst_account_shell_runs(const char *shell);

/* The line, from 1, by which TEXT, a file that bash reads, ends the shell before anything that
 * could keep it from that; 0 where there is none, or it can't be told. */
guint pst_account_shell_ends(const char *text);

/* The first file that ends SHELL so, of those that it reads for a command over SSH, with the line;
 * NULL for none. Free with g_free(). */
char *pst_account_shell_find_end(const PstSysroot *sysroot, const char *shell, const char *home,
                                 guint *line);
