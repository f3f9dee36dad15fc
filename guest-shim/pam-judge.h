// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-stack.h"

/* What comes out of a stack when its modules answer so and so: libpam's own rules
 * (_pam_dispatch_aux in pam_dispatch.c) on the lines that were read. */

/* What a sound module answers in PHASE: a return value, or PST_PAM_ANY. Modules that can't be
 * loaded are not asked. */
typedef int (*PstPamAnswer)(const PstPamLine *line, PstPamPhase phase, gpointer data);

typedef enum {
    PST_PAM_PASSES,  /* whatever the modules of unknown answer say */
    PST_PAM_DEPENDS, /* on them */
    PST_PAM_FAILS,   /* whatever they say */
    PST_PAM_UNKNOWN, /* the stack could not be read */
} PstPamOutcome;

typedef struct {
    PstPamOutcome outcome;
    int result;                /* of the phase when the unknown ones say yes; PST_PAM_SUCCESS … */
    const PstPamLine *culprit; /* where it fails: the line that, were it a success, would let it
                                * pass, else the one that decided; NULL where there is no line */
} PstPamJudgement;

PstPamJudgement pst_pam_judge(const PstPamStack *stack, PstPamPhase phase, PstPamAnswer answer,
                              gpointer data);

/* As above, as if every line that can't be loaded were mended and a success: what else is wrong. */
PstPamJudgement pst_pam_judge_mended(const PstPamStack *stack, PstPamPhase phase,
                                     PstPamAnswer answer, gpointer data);

/* Whether the answer of a line's module is out of question, although no file tells it. */
typedef gboolean (*PstPamTrusted)(const PstPamLine *line, PstPamPhase phase);

/* Of a phase that depends: the first line whose module, were it the only one to refuse, would make
 * the phase fail, and is not TRUSTED. NULL where there is none. */
const PstPamLine *pst_pam_judge_hinge(const PstPamStack *stack, PstPamPhase phase,
                                      PstPamAnswer answer, gpointer data, PstPamTrusted trusted);

/* Whether libpam can't load the line's module, or make sense of the line. */
gboolean pst_pam_judge_is_faulty(const PstPamLine *line);

/* The answers that follow from a module's name alone (pam_deny, pam_permit, pam_warn …), else
 * PST_PAM_ANY. */
int pst_pam_judge_by_name(const PstPamLine *line, PstPamPhase phase);
