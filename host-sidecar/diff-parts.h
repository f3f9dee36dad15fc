// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/diff.h"

/* What the files of a diff share. */

/* Its rows, none yet. */
void pst_diff_rows_begin(PstDiff *diff);

/* TEXT is taken over. */
void pst_diff_rows_add_note(PstDiff *diff, PstDiffNoteKind kind, PstSeverity severity, char *text);

/* A new row of ROWS, borrowed; ABOUT is the answer that it is of, WHERE is copied. */
PstDiffChange *pst_diff_rows_add_change(GPtrArray *rows, PstDiffKind kind, const PstAnswer *about,
                                        const char *where);

/* The same of what could not be looked at by one side, or by neither; REASON is taken over. */
PstDiffChange *pst_diff_rows_add_unknown(GPtrArray *rows, const PstAnswer *about, const char *where,
                                         char *reason);

/* The notes on who they are of, and same_guest and same_boot. */
void pst_diff_identity_compare(PstDiff *diff, const PstBaseline *before, const PstBaseline *after);

/* The findings of two reports that can be compared. */
void pst_diff_findings_compare(PstDiff *diff, const PstAnswer *before, const PstAnswer *after);
