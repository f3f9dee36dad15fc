// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/page.h"
#include "host-sidecar/question.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

#define MAX_OUTPUT (16 * 1024 * 1024)

static PstAnswer *
ask_page(PstAsk *ask, const char *probe, JsonObject *args, GError **error)
{
    PstAnswer **questions = g_new0(PstAnswer *, 1);

    questions[0] = pst_answer_new(pst_ask_name(ask), probe, args);
    g_autofree PstAnswer **answers = pst_ask_questions(ask, questions, 1, NULL, NULL, error);
    return answers != NULL ? answers[0] : NULL;
}

static void
say(const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);

    fprintf(stderr, "postern: %s\n", escaped);
}

/* What is no part of the file or folder is kept out of what is printed of it. */
static void
append_page(GString *out, const PstOptions *options, const PstAskPages *pages, PstAnswer *answer)
{
    g_autofree char *text = NULL;

    if (options->json) {
        g_autoptr(JsonObject) json = pst_answer_to_json(answer);
        text = pst_render_json(json);
    } else if (answer->report->status != PST_STATUS_OK) {
        text = pst_render_answer(answer);
    } else {
        text = pages->text(answer->report);
        for (guint i = 0; i < answer->report->findings->len; i++)
            say(((PstFinding *)answer->report->findings->pdata[i])->message);
    }
    g_string_append(out, text);
}

/* A guest can call a report sound that holds nothing. */
static gboolean
check_page(const PstAskPages *pages, const PstAnswer *answer, GError **error)
{
    g_autofree char *text = pages->text(answer->report);

    if (text != NULL || answer->report->status != PST_STATUS_OK)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s: the answer holds no text",
                answer->guest, answer->probe);
    return FALSE;
}

static gboolean
check_answer(const PstAskPages *pages, const PstAnswer *answer, GError **error)
{
    if (answer->report != NULL)
        return !pst_page_is_denied(answer->report, error) && check_page(pages, answer, error);

    g_autofree char *why = pst_answer_explain(answer);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s: %s", answer->guest, answer->probe,
                why);
    return FALSE;
}

/* Gathers the pages in OUT; FALSE where one could not be had. */
static gboolean
gather(PstAsk *ask, const PstOptions *options, const PstAskPages *pages, JsonObject *first,
       GString *out, PstStatus *status, GError **error)
{
    g_autoptr(JsonObject) args = json_object_ref(first);

    while (args != NULL) {
        g_autoptr(PstAnswer) answer = ask_page(ask, pages->probe, args, error);
        JsonObject *next = NULL;

        if (answer == NULL || !check_answer(pages, answer, error))
            return FALSE;
        append_page(out, options, pages, answer);
        *status = answer->report->status;
        next = pst_page_next(answer->report, args);
        if (next != NULL && (!pages->all || out->len > MAX_OUTPUT)) {
            say("there is more: --all shows it");
            g_clear_pointer(&next, json_object_unref);
        }
        json_object_unref(args);
        args = next;
    }
    return TRUE;
}

gboolean
pst_ask_pages(const PstOptions *options, const char *method, const char *domain,
              const PstAskPages *pages, JsonObject *args, int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(GString) out = g_string_new(NULL);
    PstStatus status = PST_STATUS_UNKNOWN;

    if (!pst_question_check(pages->probe, args, error))
        return FALSE;
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    gboolean whole = gather(ask, options, pages, args, out, &status, error);
    if (out->len > 0 && !pst_output_write(options->output, out->str, whole ? error : NULL))
        return FALSE;
    *exit_code = pst_exit_code_of_status(status);
    return whole;
}
