// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/shell-run.h"

/* The grammar of the shell's language: a recursive descent that runs as it reads, and where nothing
 * is to be run only reads. Both return how what they ran ended, as far as that is known. */

/* Commands up to what ends a list, or the text. */
PstTri pst_shell_syntax_list(PstShellRun *run);

/* One command at run->at, as a function's body is one. */
PstTri pst_shell_syntax_command(PstShellRun *run);
