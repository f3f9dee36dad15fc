// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/question.h"
#include "protocol/error.h"
#include "protocol/report-system.h"

static void
say(const char *guest, const char *what)
{
    g_autofree char *escaped = pst_escape_text(guest, FALSE);

    fprintf(stderr, "postern: %s: %s\n", escaped, what);
}

/* FALSE where what the guest told is not of the mark's guest. */
static gboolean
check_mark(const char *guest, const PstMark *mark, PstAnswer *const *answers, guint n,
           GError **error)
{
    PstMarkRelation relation = pst_mark_relate(mark, answers, n);

    if (relation == PST_MARK_OTHER_MACHINE) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "%s: the mark is of another machine: its machine id is not this guest's",
                    guest);
        return FALSE;
    }
    if (relation == PST_MARK_UNTOLD)
        say(guest, "whether this is the mark's guest still, it does not tell");
    else if (relation == PST_MARK_UNDONE)
        say(guest, "the guest was reverted to before the mark: what came after it is undone");
    else if (pst_mark_is_set_back(mark, answers, n))
        say(guest,
            "the guest's clock was set back since the mark: what is told by it may lack some");
    return TRUE;
}

static PstAnswer *
ask_clock(const char *domain)
{
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "host_realtime_us", g_get_real_time());
    return pst_answer_new(domain, pst_report_system_kind.name, args);
}

static gboolean
ask_with_mark(const PstOptions *options, const char *method, const char *domain, const char *probe,
              JsonObject *args, const PstMark *mark, int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    PstAnswer **questions = g_new0(PstAnswer *, 2);

    questions[0] = pst_answer_new(domain, probe, args);
    questions[1] = ask_clock(domain);
    g_autofree PstAnswer **answers = pst_ask_questions(ask, questions, 2, NULL, NULL, error);
    if (answers == NULL)
        return FALSE;
    g_autoptr(PstAnswer) answer = answers[0];
    g_autoptr(PstAnswer) system = answers[1];
    return (answer->report == NULL || check_mark(pst_ask_name(ask), mark, answers, 2, error)) &&
           pst_ask_conclude(options, answer, exit_code, error);
}

gboolean
pst_ask_since(const PstOptions *options, const char *method, const char *domain,
              const PstReportKind *kind, JsonObject *args, const char *since, int *exit_code,
              GError **error)
{
    g_autoptr(PstSince) parsed = pst_since_parse(since, error);

    if (parsed == NULL || !pst_since_apply(parsed, kind, args, error) ||
        !pst_question_check(kind->name, args, error))
        return FALSE;
    if (parsed->mark == NULL)
        return pst_ask_one(options, method, domain, kind->name, args, exit_code, error);
    return ask_with_mark(options, method, domain, kind->name, args, parsed->mark, exit_code, error);
}
