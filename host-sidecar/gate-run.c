// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-run.h"

#include <string.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/host-identity.h"

typedef struct {
    const PstOptions *options;
    const char *method, *domain;
    const PstGateCase *one;
    PstGateCase asked; /* with what was told last */
    PstAnswer **answers;
    char *guest;
    PstReport *host;
    PstHostIdentity identity;
    GDateTime *now;
} Asker;

static void
forget(Asker *asker)
{
    for (guint i = 0; asker->answers != NULL && i < asker->asked.n_answers; i++)
        pst_answer_free(asker->answers[i]);
    g_clear_pointer(&asker->answers, g_free);
    g_clear_pointer(&asker->guest, g_free);
    g_clear_pointer(&asker->host, pst_report_free);
    pst_host_identity_clear(&asker->identity);
    g_clear_pointer(&asker->now, g_date_time_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asker, forget)

/* What follows from the answers, whose answers join them. Where nobody answers any more, what was
 * told stays told: the verdict says why no more is. */
static void
ask_further(Asker *asker, PstAsk *ask)
{
    guint n = 0, n_before = asker->asked.n_answers;
    g_autofree PstAnswer **answers = NULL;
    g_autoptr(GError) cause = NULL;
    PstAnswer **questions = pst_gate_questions_further(&asker->asked, &n);

    if (n == 0) {
        g_free(questions);
        return;
    }
    answers = pst_ask_questions(ask, questions, n, NULL, NULL, &cause);
    if (answers == NULL)
        answers = pst_gate_questions_unanswered(&asker->asked, cause, &n);
    asker->answers = g_renew(PstAnswer *, asker->answers, n_before + n);
    memcpy(asker->answers + n_before, answers, n * sizeof(PstAnswer *));
    asker->asked.answers = asker->answers;
    asker->asked.n_answers = n_before + n;
}

static PstGateVerdict *
ask(gpointer data, gint64 until_us, GError **error)
{
    Asker *asker = data;
    g_autoptr(PstAsk) ask = pst_ask_new(asker->options, asker->method, asker->domain, until_us);
    guint n = 0;
    PstAnswer **questions = pst_gate_questions(asker->one, &n);

    forget(asker);
    asker->asked = *asker->one;
    asker->answers = pst_ask_questions(ask, questions, n, NULL, &asker->host, error);
    if (asker->answers == NULL)
        return NULL;
    asker->asked.answers = asker->answers;
    asker->asked.n_answers = n;
    ask_further(asker, ask);
    asker->guest = g_strdup(pst_ask_name(ask));
    pst_host_identity_read(pst_ask_uri(ask), &asker->identity);
    asker->now = g_date_time_new_now_local();
    asker->asked.guest = asker->guest;
    asker->asked.host = asker->host;
    asker->asked.host_name = asker->identity.name;
    asker->asked.host_id = asker->identity.id;
    asker->asked.now = asker->now;
    return pst_gate_judge(&asker->asked);
}

static PstGateVerdict *
judge_hung(gpointer data, guint n)
{
    PstGateCase asked = ((Asker *)data)->asked;

    asked.n_hung = n;
    return pst_gate_judge(&asked);
}

static gint64
now(gpointer data G_GNUC_UNUSED)
{
    return g_get_monotonic_time();
}

static void
pause_for(gpointer data G_GNUC_UNUSED, gint64 for_us)
{
    g_usleep((gulong)for_us);
}

gboolean
pst_gate_run(const PstOptions *options, const char *method, const char *domain,
             const PstGateCase *one, gint64 settle_us, PstGateRun *run, GError **error)
{
    static const PstGateAsking asking = {ask, judge_hung, now, pause_for};
    g_auto(Asker)
        asker = {options, method, domain, one, *one, NULL, NULL, NULL, {NULL, NULL}, NULL};

    return pst_gate_settle(&asking, &asker, settle_us, options->deadline_us, run, error);
}
