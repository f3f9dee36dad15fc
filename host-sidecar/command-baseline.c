// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/diagnose-words.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/words.h"
#include "protocol/error.h"

typedef struct {
    PstDiagnoseWords words;
    char **users;
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    pst_diagnose_words_clear(&wanted->words);
    g_strfreev(wanted->users);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

static gboolean
check_users(char **users, GError **error)
{
    if (users == NULL)
        return TRUE;
    if (g_strv_length(users) > PST_BASELINE_MAX_USERS) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--user: say at most %d",
                    PST_BASELINE_MAX_USERS);
        return FALSE;
    }
    for (guint i = 0; users[i] != NULL; i++)
        if (!pst_words_check_user(users[i], error))
            return FALSE;
    return TRUE;
}

/* The options of a diagnosis, but of any number of users. */
static gboolean
parse(const PstCommand *command, PstOptions *options, int *argc, char ***argv, Wanted *wanted,
      GError **error)
{
    GOptionEntry entries[PST_DIAGNOSE_WORDS_N_ENTRIES + 1] = {{NULL}};

    pst_diagnose_words_entries(&wanted->words, entries);
    for (GOptionEntry *entry = entries; entry->long_name != NULL; entry++) {
        if (!g_str_equal(entry->long_name, "user"))
            continue;
        entry->arg = G_OPTION_ARG_STRING_ARRAY;
        entry->arg_data = &wanted->users;
    }
    return pst_options_parse(options, command->name, command->arguments, command->summary, entries,
                             1, 1, argc, argv, error) &&
           pst_options_ask_afresh(options, command->name, error) &&
           check_users(wanted->users, error);
}

/* What could not be looked at will be missed later. */
static guint
count_unseen(const PstBaseline *baseline)
{
    guint n = 0;

    for (guint i = 0; i < baseline->answers->len; i++) {
        const PstAnswer *answer = baseline->answers->pdata[i];
        n += answer->report == NULL || answer->via > PST_VIA_AGENT_BUILTIN;
    }
    return n;
}

static int
warn(const PstBaseline *baseline)
{
    guint n = count_unseen(baseline);
    g_autofree char *count =
        g_strdup_printf("%s: %u of %u questions got no answer that can be compared",
                        baseline->guest, n, baseline->answers->len);
    g_autofree char *said =
        pst_escape_text(baseline->mark == NULL ? baseline->unmarked : count, FALSE);

    if (n > 0 || baseline->mark == NULL)
        fprintf(stderr, "postern: %s\n", said);
    return n > 0 || baseline->mark == NULL ? PST_EXIT_UNKNOWN : PST_EXIT_OK;
}

gboolean
pst_command_baseline_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                         int *exit_code, GError **error)
{
    g_auto(Wanted) wanted = {0};
    PstDiagnoseWish diagnosis;
    gsize len = 0;

    if (!parse(command, options, &argc, &argv, &wanted, error) ||
        !pst_diagnose_words_read(&wanted.words, &diagnosis, error))
        return FALSE;
    const PstBaselineWish wish = {.users = (const char *const *)wanted.users,
                                  .units = wanted.words.units,
                                  .vantage = diagnosis.vantage,
                                  .passive = diagnosis.passive};
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) ask = pst_ask_new(options, command->name, argv[1], deadline_us);
    g_autoptr(PstBaseline) baseline = pst_ask_baseline(ask, &wish, NULL, error);
    if (baseline == NULL)
        return FALSE;
    g_autofree char *text = pst_baseline_to_text(baseline, &len);
    if (len > PST_BASELINE_MAX_BYTES) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "%s: the baseline is too large",
                    baseline->guest);
        return FALSE;
    }
    *exit_code = warn(baseline);
    return pst_output_write(options->output, text, error);
}
