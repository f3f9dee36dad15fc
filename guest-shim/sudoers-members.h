// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sudoers.h"

/* The comma-separated lists of a sudoers line. Each returns an array of PstSudoersMember, or NULL
 * with *fault, a static text. */

GPtrArray *pst_sudoers_members_users(const char **rest, const char **fault);
GPtrArray *pst_sudoers_members_hosts(const char **rest, const char **fault);
GPtrArray *pst_sudoers_members_commands(const char **rest, const char **fault);

/* Commands without arguments, as in `Defaults!`. */
GPtrArray *pst_sudoers_members_plain_commands(const char **rest, const char **fault);

/* One command with its digests and arguments. */
PstSudoersMember *pst_sudoers_members_command(const char **rest, const char **fault);

/* The list that stands for the user itself. */
GPtrArray *pst_sudoers_members_myself(void);

void pst_sudoers_members_free(gpointer data);
