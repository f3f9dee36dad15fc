// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/vantage.h"
#include "protocol/vocabulary.h"

gboolean
pst_command_sudo_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    g_auto(PstVantageWords) words = {NULL};
    GOptionEntry entries[PST_VANTAGE_N_LOCAL + 1] = {{NULL}};
    g_autoptr(JsonObject) args = json_object_new();

    pst_vantage_entries(&words, entries, PST_VANTAGE_N_LOCAL);
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error))
        return FALSE;
    g_autoptr(JsonObject) vantage = pst_vantage_read(&words, error);
    if (vantage == NULL)
        return FALSE;
    pst_vantage_apply(vantage, pst_vocabulary_find("sudo"), args);
    return pst_ask_one(options, command->name, argv[1], "sudo", args, exit_code, error);
}
