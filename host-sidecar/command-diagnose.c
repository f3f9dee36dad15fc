// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/vantage.h"
#include "protocol/error.h"

static gboolean
print(const PstOptions *options, const char *guest, PstAnswer *const *answers, guint n,
      GError **error)
{
    g_autofree char *text = NULL;

    if (options->quiet && pst_diagnose_judge(answers, n).status == PST_STATUS_OK)
        return TRUE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_diagnose_to_json(guest, answers, n);
        text = pst_render_json(json);
    } else {
        text = pst_render_diagnosis(guest, answers, n);
    }
    return pst_output_write(options->output, text, error);
}

static void
free_answers(PstAnswer **answers, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}

gboolean
pst_command_diagnose_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                         int *exit_code, GError **error)
{
    g_auto(PstVantageWords) words = {NULL};
    gboolean passive = FALSE;
    GOptionEntry entries[PST_VANTAGE_N_ENTRIES + 2] = {
        {"passive", 0, 0, G_OPTION_ARG_NONE, &passive, "Leave no trace in the guest's own logs",
         NULL},
    };
    guint n = 0;

    pst_vantage_entries(&words, entries + 1, PST_VANTAGE_N_ENTRIES);
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error))
        return FALSE;
    g_autoptr(JsonObject) vantage = pst_vantage_read(&words, error);
    if (vantage == NULL)
        return FALSE;

    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstGuest) guest = pst_ask_open(options, command->name, argv[1], deadline_us, error);
    if (guest == NULL)
        return FALSE;
    PstAnswer **questions = pst_diagnose_questions(guest->name, vantage, passive, &n);
    PstAnswer **answers = pst_ask_guest(guest, command->name, questions, n, deadline_us);
    gboolean printed = print(options, guest->name, answers, n, error);
    *exit_code = pst_exit_code_of_status(pst_diagnose_judge(answers, n).status);
    free_answers(answers, n);
    return printed;
}
