// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/words.h"

gboolean
pst_command_services_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                         int *exit_code, GError **error)
{
    g_autofree char *units = NULL;
    const GOptionEntry entries[] = {
        {"units", 'u', 0, G_OPTION_ARG_STRING, &units, "Tell of these units", "UNIT,…"},
        {NULL},
    };
    g_autoptr(JsonObject) args = json_object_new();

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           -1, &argc, &argv, error))
        return FALSE;
    pst_words_add_list(args, "units", units);
    for (int i = 2; i < argc; i++)
        pst_words_add_list(args, "units", argv[i]);
    return pst_ask_one(options, command->name, argv[1], "services", args, exit_code, error);
}
