// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* The PATH that pam_env gives a session by a file of assignments, /etc/environment as a rule, in
 * which nothing is expanded: `PATH="$PATH:/opt/bin"` leaves no folder but /opt/bin. Where it has no
 * sudo, every `sudo COMMAND` of a session is a command that is not found. */

/* The last PATH of TEXT as pam_env reads it, and its line, from 1; NULL for none. Free with
 * g_free(). */
char *pst_pam_path_read(const char *text, guint *line);

/* Sets RULING where a session of the user's finds no sudo by PATH, though there is one. Where the
 * user's own shell sets PATH anew it is not sure. */
void pst_pam_path_judge(const PstPamSubject *subject, const char *file, PstPamRuling *ruling);
