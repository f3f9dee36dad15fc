// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* pam_env.conf(5) as pam_env reads it in the session phase (Linux-PAM's pam_env.c): most faults are
 * passed over, and some end the session of whoever comes. */

typedef enum {
    PST_PAM_ENV_PASSES,
    PST_PAM_ENV_UNSURE, /* it hangs on whether a variable was set before */
    PST_PAM_ENV_FAILS,
} PstPamEnvVerdict;

/* What pam_env makes of TEXT, and by which line, from 1. OLDER: as up to Linux-PAM 1.5.2, which
 * fails by lines that are too long or go on behind the end; later ones fail by a fault of the last
 * line that says something. *name, what the line begins with, is to be freed with g_free(). */
PstPamEnvVerdict pst_pam_env_read(const char *text, gboolean older, guint *line, char **name);

/* Sets RULING and returns its answer, by the files that LINE of a stack leads to. */
int pst_pam_env_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling);
