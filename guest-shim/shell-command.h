// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/shell-run.h"

/* Does what the command of WORDS, of const char *, at LINE does to the run: an end, a return, a
 * wait, an assignment. Its status as far as it is known; nothing is run. */
PstTri pst_shell_command_run(PstShellRun *run, const GPtrArray *words, guint line);
