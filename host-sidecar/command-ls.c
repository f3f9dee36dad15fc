// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/page.h"
#include "host-sidecar/words.h"

gboolean
pst_command_ls_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                   int *exit_code, GError **error)
{
    g_autofree char *cursor = NULL;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"cursor", 0, 0, G_OPTION_ARG_STRING, &cursor, "Go on behind this page", "CURSOR"},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "All pages, one after the other", NULL},
        {NULL},
    };
    g_autoptr(JsonObject) args = json_object_new();

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 2,
                           2, &argc, &argv, error) ||
        !pst_words_add_path(args, argv[2], error))
        return FALSE;
    if (cursor != NULL)
        json_object_set_string_member(args, "cursor", cursor);
    const PstAskPages pages = {"list", pst_page_list, all};
    return pst_ask_pages(options, command->name, argv[1], &pages, args, exit_code, error);
}
