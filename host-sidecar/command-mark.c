// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/mark.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

static PstMark *
ask(const PstOptions *options, const char *method, const char *domain, char **name, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    guint n = 0;
    PstAnswer **questions = pst_mark_questions(domain, &n);
    g_autofree PstAnswer **answers = pst_ask_questions(ask, questions, n, NULL, NULL, error);

    if (answers == NULL)
        return NULL;
    PstMark *mark = pst_mark_make(answers, n, g_get_real_time(), error);
    *name = g_strdup(pst_ask_name(ask));
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    return mark;
}

gboolean
pst_command_mark_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    g_autofree char *name = NULL, *text = NULL;

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, NULL, 1, 1,
                           &argc, &argv, error) ||
        !pst_options_ask_afresh(options, command->name, error))
        return FALSE;
    g_autoptr(PstMark) mark = ask(options, command->name, argv[1], &name, error);
    if (mark == NULL)
        return FALSE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_mark_to_json(mark);
        pst_json_set_string(json, "guest", name);
        text = pst_render_json(json);
    } else {
        g_autofree char *line = pst_mark_to_text(mark);
        text = g_strconcat(line, "\n", NULL);
    }
    if (mark->cursor == NULL) {
        g_autofree char *escaped = pst_escape_text(name, FALSE);
        fprintf(stderr,
                "postern: %s: the mark has no place in the journal: it had no entry to tell\n",
                escaped);
    }
    *exit_code = 0;
    return pst_output_write(options->output, text, error);
}
