// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sudoers.h"

/* What a line of a sudoers file asks the reader to do. */
typedef enum {
    PST_SUDOERS_PARSED, /* it is in the policy now, or was empty */
    PST_SUDOERS_INCLUDE,
    PST_SUDOERS_INCLUDE_DIR,
    PST_SUDOERS_FAULTY,
} PstSudoersParsed;

/* Parses one line, continuations joined, and adds what it says to SUDOERS. *target becomes the path
 * of an include (free with g_free()), *fault the reason of a faulty line (static). As sudo does,
 * nothing of a faulty line counts but the aliases that were complete before the fault. */
PstSudoersParsed pst_sudoers_parse_line(PstSudoers *sudoers, const PstSudoersFile *file, guint line,
                                        const char *text, char **target, const char **fault);

void pst_sudoers_parse_rule_free(gpointer data);
void pst_sudoers_parse_alias_free(gpointer data);
void pst_sudoers_parse_default_free(gpointer data);
