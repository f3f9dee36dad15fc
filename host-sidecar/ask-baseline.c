// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/host-identity.h"
#include "protocol/error.h"

static gboolean
is_own(const PstAnswer *answer)
{
    return answer->report != NULL && answer->via <= PST_VIA_AGENT_BUILTIN;
}

/* A file in which nothing is known would be taken for one. */
static gboolean
check_any(PstAnswer *const *answers, guint n, GError **error)
{
    for (guint i = 0; i < n; i++)
        if (is_own(answers[i]))
            return TRUE;
    g_autofree char *why = answers[0]->error != NULL
                               ? pst_answer_explain(answers[0])
                               : g_strdup("what there is comes from its records or from outside");
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "%s: no baseline is to be had, since the guest itself tells nothing: %s",
                answers[0]->guest, why);
    return FALSE;
}

PstBaseline *
pst_ask_baseline(PstAsk *ask, const PstBaselineWish *wish, const PstBaseline *earlier,
                 GError **error)
{
    guint n = 0;
    PstAnswer **questions = pst_baseline_questions(pst_ask_name(ask), wish, earlier, &n);
    PstAnswer **answers = pst_ask_questions(ask, questions, n, NULL, NULL, error);

    if (answers == NULL)
        return NULL;
    if (check_any(answers, n, error)) {
        PstBaseline *baseline =
            pst_baseline_make(answers, n, wish, NULL, pst_ask_uri(ask), g_get_real_time());
        PstHostIdentity identity;

        pst_host_identity_read(pst_ask_uri(ask), &identity);
        baseline->host = identity.name;
        baseline->host_id = identity.id;
        return baseline;
    }
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
    return NULL;
}
