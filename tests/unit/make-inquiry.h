// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/inquiry.h"

#define N_QUESTIONS 3

/* An inquiry of somebody's into the probe `network`, each question with its own number in `n`, that
 * has LEFT_US until its deadline. */
static inline PstInquiry *
make_inquiry(gint64 left_us)
{
    PstAnswer **questions = g_new0(PstAnswer *, N_QUESTIONS);

    for (guint i = 0; i < N_QUESTIONS; i++) {
        g_autoptr(JsonObject) args = json_object_new();
        json_object_set_int_member(args, "n", i);
        questions[i] = pst_answer_new("guest", "network", args);
    }
    return pst_inquiry_new(questions, N_QUESTIONS, "somebody", g_get_monotonic_time() + left_us);
}

/* Those of such an inquiry. */
static inline void
free_answers(PstAnswer **answers)
{
    for (guint i = 0; i < N_QUESTIONS; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}
