// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* time.conf(5) as pam_time reads it (Linux-PAM's pam_time.c): whoever is named by a rule may come
 * in its times only, by the guest's clock and time zone. Netgroups are unknown. */

/* Judges the rules of TEXT, which stands in the file PATH; TEXT is taken to pieces. Sets RULING,
 * and returns its answer: PST_PAM_SUCCESS, PST_PAM_PERM_DENIED, or PST_PAM_ANY where what is not
 * known would decide. */
int pst_pam_time_judge(const char *path, char *text, const PstPamSubject *subject,
                       PstPamRuling *ruling);

/* As above, by the file that LINE of a stack leads to. */
int pst_pam_time_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);
