// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/*
 * Words of a command that somebody may paste into a shell: what a guest calls its files, units and
 * users is one word there, whatever it holds, and nothing in it is obeyed. A systemd unit's name
 * has backslashes of its own (`dev-disk-by\x2duuid.device`).
 *
 * A plain word is given as it is, what can be shown in single quotes, and all else in the $'…' of
 * POSIX.1-2024, by octal numbers.
 */
char *pst_shell_word(const char *word);
