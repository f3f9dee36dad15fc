// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/words.h"
#include "protocol/json.h"

gboolean
pst_command_sudo_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    g_autofree char *user = NULL, *run = NULL;
    const GOptionEntry entries[] = {
        {"user", 'u', 0, G_OPTION_ARG_STRING, &user, "Whether this user can", "NAME"},
        {"command", 0, 0, G_OPTION_ARG_STRING, &run, "To run this command, with its arguments",
         "COMMAND"},
        {NULL},
    };
    g_autoptr(JsonObject) args = json_object_new();

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error))
        return FALSE;
    if (user != NULL && !pst_words_check_user(user, error))
        return FALSE;
    pst_json_set_string(args, "user", user);
    pst_json_set_string(args, "command", run);
    return pst_ask_one(options, command->name, argv[1], "sudo", args, exit_code, error);
}
