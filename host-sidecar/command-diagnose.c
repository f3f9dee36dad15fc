// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/brief.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/diagnose-words.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/sequence.h"
#include "protocol/error.h"

#define N_ENTRIES 3

typedef struct {
    PstDiagnoseWords words;
    gboolean brief, sequence;
    int max_bytes;
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    pst_diagnose_words_clear(&wanted->words);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

static gboolean
parse(const PstCommand *command, PstOptions *options, int *argc, char ***argv, Wanted *wanted,
      GError **error)
{
    GOptionEntry entries[N_ENTRIES + PST_DIAGNOSE_WORDS_N_ENTRIES + 1] = {
        {"brief", 0, 0, G_OPTION_ARG_NONE, &wanted->brief,
         "Print a small JSON object: the root causes, each with its undo", NULL},
        {"json-seq", 0, 0, G_OPTION_ARG_NONE, &wanted->sequence,
         "Print each answer as JSON when it comes, then the verdict", NULL},
        {"max-bytes", 0, 0, G_OPTION_ARG_INT, &wanted->max_bytes,
         "At most so much of it (2048; at least 512)", "N"},
    };

    wanted->max_bytes = PST_BRIEF_DEFAULT_BYTES;
    pst_diagnose_words_entries(&wanted->words, entries + N_ENTRIES);
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, argc, argv, error))
        return FALSE;
    if (wanted->sequence && (wanted->brief || options->json)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "say one of --json, --json-seq and --brief");
        return FALSE;
    }
    if (wanted->max_bytes >= PST_BRIEF_MIN_BYTES)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--max-bytes %d: say at least %d",
                wanted->max_bytes, PST_BRIEF_MIN_BYTES);
    return FALSE;
}

static char *
brief_text(const Wanted *wanted, const char *guest, PstAnswer *const *answers, guint n)
{
    g_auto(GStrv) units =
        g_strsplit(wanted->words.units != NULL ? wanted->words.units : "", ",", -1);
    g_autoptr(JsonObject) json =
        pst_brief_to_json(guest, answers, n, (const char *const *)units, (gsize)wanted->max_bytes);

    return pst_render_json(json);
}

static gboolean
print(const PstOptions *options, const Wanted *wanted, const char *guest, PstAnswer *const *answers,
      guint n, GError **error)
{
    g_autofree char *text = NULL;

    if (options->quiet && pst_diagnose_judge(answers, n).status == PST_STATUS_OK)
        return TRUE;
    if (wanted->brief) {
        text = brief_text(wanted, guest, answers, n);
    } else if (options->json) {
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
    g_auto(Wanted) wanted = {0};
    PstDiagnoseWish wish;
    guint n = 0;

    if (!parse(command, options, &argc, &argv, &wanted, error) ||
        !pst_diagnose_words_read(&wanted.words, &wish, error))
        return FALSE;
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) ask = pst_ask_new(options, command->name, argv[1], deadline_us);
    PstAnswer **questions = pst_diagnose_questions(argv[1], &wish, &n);
    g_autoptr(PstSequence) sequence =
        wanted.sequence ? pst_sequence_new(options->output, options->quiet) : NULL;
    const PstInquiryListener listener =
        sequence != NULL ? pst_sequence_listener(sequence) : (PstInquiryListener){NULL};
    PstReport *host = NULL;
    PstAnswer **answers = pst_ask_questions(ask, questions, n, &listener, &host, error);
    if (answers == NULL)
        return FALSE;
    const char *guest = pst_ask_name(ask);
    answers = pst_diagnose_derive(answers, &n, &wish);
    answers = pst_diagnose_add_host(answers, &n, guest, host);
    gboolean printed = sequence != NULL ? pst_sequence_end(sequence, guest, answers, n, error)
                                        : print(options, &wanted, guest, answers, n, error);
    *exit_code = pst_exit_code_of_status(pst_diagnose_judge(answers, n).status);
    free_answers(answers, n);
    return printed;
}
