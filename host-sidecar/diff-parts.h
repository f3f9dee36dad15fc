// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/diff.h"

/* What the files of a diff share. */

/* The notes on who they are of, and same_guest and same_boot. */
void pst_diff_compare_identity(PstDiff *diff, const PstBaseline *before, const PstBaseline *after);

/* The findings of two reports that can be compared. */
void pst_diff_compare_findings(PstDiff *diff, const PstAnswer *before, const PstAnswer *after);

/* TEXT is taken over. */
void pst_diff_add_note(PstDiff *diff, PstDiffNoteKind kind, PstSeverity severity, char *text);

/* A new row of what could not be looked at by one side, or by neither; WHERE is copied, REASON
 * taken over. */
PstDiffChange *pst_diff_add_unknown(GPtrArray *rows, const PstAnswer *about, const char *where,
                                    char *reason);
