// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/page.h"
#include "host-sidecar/words.h"
#include "protocol/error.h"

static gboolean
check_numbers(gint64 offset, gint64 max_bytes, GError **error)
{
    if (offset >= 0 && max_bytes >= 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "--offset and --max-bytes take numbers from 0 on");
    return FALSE;
}

gboolean
pst_command_read_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    gint64 offset = 0, max_bytes = 0;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"offset", 0, 0, G_OPTION_ARG_INT64, &offset, "Begin behind so many bytes", "BYTES"},
        {"max-bytes", 0, 0, G_OPTION_ARG_INT64, &max_bytes, "At most so much in a page (65536)",
         "BYTES"},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "All pages, one after the other", NULL},
        {NULL},
    };
    g_autoptr(JsonObject) args = json_object_new();

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 2,
                           2, &argc, &argv, error) ||
        !check_numbers(offset, max_bytes, error) || !pst_words_add_path(args, argv[2], error))
        return FALSE;
    if (offset > 0)
        json_object_set_int_member(args, "offset", offset);
    if (max_bytes > 0)
        json_object_set_int_member(args, "max_bytes", max_bytes);
    const PstAskPages pages = {"file", pst_page_file, all};
    return pst_ask_pages(options, command->name, argv[1], &pages, args, exit_code, error);
}
