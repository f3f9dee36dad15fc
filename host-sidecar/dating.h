// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-changes.h"

/* Since when: what the answers of a diagnosis tell of the file that a finding names. Pure
 * functions.
 *
 * The moment is the finding's own (`changed_us` of its evidence), or that of its row in the answer
 * of the probe `changes`, which also knows how it changed and what its package's record says. Ages
 * are reckoned from the guest's clock at the time of the report, so they hold where it is wrong. */

typedef struct {
    gint64 changed_us; /* the guest's real time; PST_INT_UNKNOWN where nothing dates the finding */
    gint64 age_us;     /* by the guest's own clock; PST_INT_UNKNOWN where that is not known */
    const PstChangesFile *file; /* its row; borrowed, NULL where there is none */
} PstDating;

/* FINDING is of ANSWER, one of the N answers. */
PstDating pst_dating_find(PstAnswer *const *answers, guint n, const PstAnswer *answer,
                          const PstFinding *finding);

/* "became 0666 2 min ago; its package is none": not escaped. NULL where there is nothing worth
 * saying: no date, or a file that its package put there and that is as it was then. Free with
 * g_free(). */
char *pst_dating_text(const PstDating *dating);

/* changed_us, age_us, and what the row has; NULL where there is no date. */
JsonObject *pst_dating_to_json(const PstDating *dating);
