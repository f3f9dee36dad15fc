// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/baseline.h"

/* What the files of a baseline share. */

/* With nothing in it. */
PstBaseline *pst_baseline_new(void);

/* What ANSWER was asked without what passes: the host's clock is not a part of the question. */
JsonObject *pst_baseline_lasting_args(const PstAnswer *answer);

/* What ANSWER answers, without what passes: a text that is the same for the same question. Free
 * with g_free(). */
char *pst_baseline_question_of(const PstAnswer *answer);

/* Puts the answers into the order of their questions. */
void pst_baseline_arrange(PstBaseline *baseline);

/* A copy whose members are in the order of their names, at every depth. */
JsonObject *pst_baseline_sorted(JsonObject *object);
