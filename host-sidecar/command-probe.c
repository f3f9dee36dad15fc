// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "protocol/error.h"
#include "protocol/report-access.h"
#include "protocol/vocabulary.h"

gboolean
pst_command_probe_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                      int *exit_code, GError **error)
{
    g_autofree char *since = NULL;
    const GOptionEntry entries[] = {
        {"since", 0, 0, G_OPTION_ARG_STRING, &since,
         "Of journal and changes: no older than this (15min), or after a mark", "SPAN|MARK"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 2,
                           -1, &argc, &argv, error))
        return FALSE;

    const PstReportKind *kind = pst_vocabulary_require(argv[2], error);
    if (kind == NULL)
        return FALSE;
    g_autoptr(JsonObject) args =
        pst_fields_from_words(kind->args, (const char *const *)argv + 3, error);
    if (args == NULL) {
        g_prefix_error(error, "probe %s: ", kind->name);
        return FALSE;
    }
    if (since != NULL)
        return pst_ask_since(options, command->name, argv[1], kind, args, since, exit_code, error);
    if (kind == &pst_report_access_kind)
        return pst_ask_access(options, command->name, argv[1], args, exit_code, error);
    return pst_ask_one(options, command->name, argv[1], kind->name, args, exit_code, error);
}
