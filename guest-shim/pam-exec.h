// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* pam_exec, which runs a program of somebody's and refuses where that ends with another status than
 * 0 (Linux-PAM's pam_exec.c). Sets RULING and returns its answer: a refusal where there is no such
 * program to be run, else PST_PAM_ANY, for what it says no file tells. */
int pst_pam_exec_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);
