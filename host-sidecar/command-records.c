// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"

#define DEFAULT_LINES 50

gboolean
pst_command_records_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                        int *exit_code, GError **error)
{
    int lines = DEFAULT_LINES;
    const GOptionEntry entries[] = {
        {"lines", 'n', 0, G_OPTION_ARG_INT, &lines, "At most so many, the newest (50)", "N"},
        {NULL},
    };
    g_autofree char *text = NULL;

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error))
        return FALSE;
    if (lines < 1) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--lines %d: say at least 1", lines);
        return FALSE;
    }
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstGuest) guest = pst_ask_open(options, command->name, argv[1], deadline_us, error);
    if (guest == NULL)
        return FALSE;
    g_autoptr(PstVolumeRecords) records = pst_volume_read_until(guest, deadline_us, error);
    if (records == NULL)
        return FALSE;
    gint64 now_us = g_get_real_time();
    if (options->json) {
        g_autoptr(JsonObject) json = pst_volume_records_to_json(records, (guint)lines, now_us);
        text = pst_render_json(json);
    } else {
        text = pst_volume_records_to_text(records, (guint)lines, now_us);
    }
    *exit_code = 0;
    return pst_output_write(options->output, text, error);
}
