// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* The modules that look into a list (Linux-PAM's pam_listfile.c, pam_shells.c, pam_securetty.c,
 * pam_wheel.c). Each sets RULING and returns its answer, PST_PAM_ANY where files do not decide. */

int pst_pam_list_file(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);
int pst_pam_list_shells(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);
int pst_pam_list_securetty(const PstPamLine *line, const PstPamSubject *subject,
                           PstPamRuling *ruling);
int pst_pam_list_wheel(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);
