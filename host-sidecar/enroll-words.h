// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll.h"

/* What `enroll` and `unenroll` print, and their exit status. Pure functions; what they return is
 * freed with g_free(). */

char *pst_enroll_words_text(const PstEnrollTold *told, gboolean undo);

/* What is asked on a terminal before it is done. */
char *pst_enroll_words_question(const PstEnrollTold *told, gboolean undo);

/* PST_EXIT_OK where all is as it should be, or, in a dry run, can become so; PST_EXIT_WARNING where
 * something is left for an administrator, PST_EXIT_CRITICAL where something failed. */
int pst_enroll_words_exit_code(const PstEnrollTold *told);
