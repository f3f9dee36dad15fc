// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/commands.h"
#include "host-sidecar/watch-run.h"
#include "protocol/error.h"

static gboolean
check(const PstOptions *options, int count, GError **error)
{
    const char *why = NULL;

    if (count < 0)
        why = "--count: say how many, 1 or more";
    else if (options->output != NULL)
        why = "--output: it prints as things happen; redirect its standard output";
    if (why == NULL)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "watch %s", why);
    return FALSE;
}

gboolean
pst_command_watch_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                      int *exit_code, GError **error)
{
    int count = 0;
    const GOptionEntry entries[] = {
        {"count", 'n', 0, G_OPTION_ARG_INT, &count, "End after so many events", "N"},
        {NULL},
    };

    options->default_deadline_us = options->longest_deadline_us = PST_OPTIONS_NO_DEADLINE;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           -1, &argc, &argv, error) ||
        !check(options, count, error))
        return FALSE;
    PstWatchPrint print = {options->json, options->quiet, count > 0 ? count : -1, NULL};
    if (!pst_watch_run(options, argc > 1 ? (const char *const *)argv + 1 : NULL, &print, error))
        return FALSE;
    *exit_code = 0;
    return TRUE;
}
