// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sudoers.h"

/* Whether a command of a rule is the one that is asked for (sudo's match_command.c): by path or by
 * being the same file, in a folder, by wildcard or regular expression; then the arguments. Digests
 * are left to the caller. COMMAND is an absolute path, ARGS is NULL for none. */
gboolean pst_sudoers_command_matches(const PstSysroot *sysroot, const PstSudoersMember *member,
                                     const char *command, const char *args);
