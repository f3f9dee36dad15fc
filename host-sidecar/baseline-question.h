// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* What was asked, without what passes: the host's clock is not a part of the question. Pure
 * functions. */

JsonObject *pst_baseline_question_args(const PstAnswer *answer);

/* The probe and these: a text that is the same for the same question. Free with g_free(). */
char *pst_baseline_question_of(const PstAnswer *answer);

/* Puts ANSWERS, of PstAnswer, into the order of their questions. */
void pst_baseline_question_arrange(GPtrArray *answers);
