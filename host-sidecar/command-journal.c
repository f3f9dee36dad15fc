// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/since.h"
#include "host-sidecar/words.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-journal.h"

typedef struct {
    char *since, *priority, *units, *boot, *cursor, *after;
    gboolean kernel, own;
    gint lines;
} Words;

static void
clear_words(Words *words)
{
    g_free(words->since);
    g_free(words->priority);
    g_free(words->units);
    g_free(words->boot);
    g_free(words->cursor);
    g_free(words->after);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
add_priority(JsonObject *args, const char *text, GError **error)
{
    gint64 priority = 0;

    if (text == NULL)
        return TRUE;
    if (!pst_words_parse_priority(text, &priority, error))
        return FALSE;
    json_object_set_int_member(args, "priority", priority);
    return TRUE;
}

static JsonObject *
make_args(const Words *words, GError **error)
{
    g_autoptr(JsonObject) args = json_object_new();

    if (!add_priority(args, words->priority, error))
        return NULL;
    if (words->lines < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--lines %d: say a number from 1 on",
                    words->lines);
        return NULL;
    }
    pst_words_add_list(args, "units", words->units);
    pst_json_set_string(args, "boot", words->boot);
    pst_json_set_string(args, "cursor", words->cursor);
    pst_json_set_string(args, "after", words->after);
    if (words->lines > 0)
        json_object_set_int_member(args, "lines", words->lines);
    if (words->kernel)
        json_object_set_boolean_member(args, "kernel", TRUE);
    if (words->own)
        json_object_set_boolean_member(args, "own", TRUE);
    return g_steal_pointer(&args);
}

gboolean
pst_command_journal_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                        int *exit_code, GError **error)
{
    g_auto(Words) words = {0};
    const GOptionEntry entries[] = {
        {"since", 0, 0, G_OPTION_ARG_STRING, &words.since,
         "No older than this, as 15min, or what came after a mark", "SPAN|MARK"},
        {"priority", 'p', 0, G_OPTION_ARG_STRING, &words.priority, "At least this urgent (err)",
         "NAME"},
        {"units", 'u', 0, G_OPTION_ARG_STRING, &words.units, "Of these units", "UNIT,…"},
        {"boot", 'b', 0, G_OPTION_ARG_STRING, &words.boot,
         "Of this boot (the one that runs): an id, an offset as -1, or all", "BOOT"},
        {"cursor", 0, 0, G_OPTION_ARG_STRING, &words.cursor, "Go on behind this page", "CURSOR"},
        {"after", 0, 0, G_OPTION_ARG_STRING, &words.after, "Only what is newer than this",
         "CURSOR"},
        {"lines", 'n', 0, G_OPTION_ARG_INT, &words.lines, "At most this many", "N"},
        {"kernel", 'k', 0, G_OPTION_ARG_NONE, &words.kernel, "Kernel messages only", NULL},
        {"own", 0, 0, G_OPTION_ARG_NONE, &words.own, "With what postern's asking left there", NULL},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error))
        return FALSE;
    g_autoptr(JsonObject) args = make_args(&words, error);
    if (args == NULL)
        return FALSE;
    if (words.since == NULL)
        return pst_ask_one(options, command->name, argv[1], "journal", args, exit_code, error);
    return pst_ask_since(options, command->name, argv[1], &pst_report_journal_kind, args,
                         words.since, exit_code, error);
}
