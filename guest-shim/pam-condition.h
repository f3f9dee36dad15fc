// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* pam_succeed_if(8): conditions on the user, as its arguments state them (Linux-PAM's
 * pam_succeed_if.c). Sets RULING and returns its answer: PST_PAM_SUCCESS where all hold,
 * PST_PAM_AUTH_ERR where one does not, PST_PAM_ANY where it needs what is not known. */
int pst_pam_condition_answer(const PstPamLine *line, const PstPamSubject *subject,
                             PstPamRuling *ruling);
