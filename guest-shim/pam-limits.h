// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* limits.conf(5) as pam_limits reads it (Linux-PAM's pam_limits.c), as far as a limit shuts a
 * login: maxlogins and maxsyslogins 0, which refuse the session, limits so small that no shell
 * could begin, and a file that is not there, without which some versions open no session; and
 * nonewprivs, which keeps sessions from becoming root. */

typedef struct PstPamLimits PstPamLimits;

/* SUBJECT, which has a user, must outlive it. */
PstPamLimits *pst_pam_limits_new(const PstPamSubject *subject);
void pst_pam_limits_free(PstPamLimits *limits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPamLimits, pst_pam_limits_free)

/* Adds the rules of TEXT, which stands in the file PATH, to those taken before; TEXT is taken to
 * pieces. */
void pst_pam_limits_take(PstPamLimits *limits, const char *path, char *text);

/* Sets RULING and returns its answer: PST_PAM_PERM_DENIED where the session is refused, else
 * PST_PAM_ANY, because setting a limit can fail. */
int pst_pam_limits_judge(const PstPamLimits *limits, PstPamRuling *ruling);

/* As above, by the files that LINE of a stack leads to. */
int pst_pam_limits_answer(const PstPamLine *line, const PstPamSubject *subject,
                          PstPamRuling *ruling);
