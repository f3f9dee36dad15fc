// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/shell-start.h"
#include "protocol/fields.h"

/* What a login shell does with a command that comes over SSH, as far as its name and the files that
 * it reads then tell. */

/* Whether it runs what it is asked for: no for those that refuse or do something else (nologin,
 * true, git-shell), yes for the shells that are known, else unknown. */
PstTri pst_account_shell_runs(const char *shell);

/* What the files that SHELL reads for a command over SSH make of it: the worst of them. */
void pst_account_shell_judge_start(const PstSysroot *sysroot, const char *shell,
                                   const PstShellUser *user, PstShellStart *start);
