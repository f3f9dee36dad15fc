// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-judge.h"
#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* What sound modules answer, as far as their files say: one table of modules. */

/* Sets RULING and returns its answer for LINE in PHASE; SUBJECT is not NULL. */
int pst_pam_answer_rule(const PstPamLine *line, PstPamPhase phase, const PstPamSubject *subject,
                        PstPamRuling *ruling);

/* As above, without the ruling, as pst_pam_judge() wants it. DATA is a const PstPamSubject *; where
 * its user is NULL, only what holds for everybody is answered. */
int pst_pam_answer(const PstPamLine *line, PstPamPhase phase, gpointer data);

/* Whether a line of pam_unix lets in by a key whoever has a password that is too old. */
gboolean pst_pam_answer_passes_age(const PstPamLine *line);

/* Whether the module says yes to whoever came so far unless the system is broken, or is one of
 * which another probe tells: a stack that depends on it alone is sound. */
gboolean pst_pam_answer_is_trusted(const PstPamLine *line, PstPamPhase phase);

/* The file that pam_nologin, as LINE has it, shuts out everybody but root by; NULL where there is
 * none. Free with g_free(). */
char *pst_pam_answer_nologin(const PstSysroot *sysroot, const PstPamLine *line);

/* "passes", "depends", "fails", "unknown". */
extern const char *const pst_pam_answer_outcomes[];
