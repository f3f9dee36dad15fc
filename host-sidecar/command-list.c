// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/output.h"
#include "host-sidecar/overview.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

static char *
age_words(gint64 moment_us)
{
    return moment_us != PST_INT_UNKNOWN ? pst_render_age(moment_us) : g_strdup("never");
}

static void
render_row(GString *out, const PstOverview *row)
{
    g_autofree char *answered = age_words(row->last_answer_us);
    g_autofree char *recorded = age_words(row->last_record_us);
    g_autofree char *name = pst_escape_text(row->name, FALSE);
    g_autofree char *shim = pst_escape_text(row->shim != NULL ? row->shim : "-", FALSE);

    g_string_append_printf(out, "%-24s %-14s %-8s %-6s %-7s %-10s %-12s %-12s ", name,
                           row->state != NULL ? row->state : "?",
                           row->channel != NULL ? row->channel : "?",
                           row->agent != NULL ? row->agent : "?",
                           row->volume != NULL ? row->volume : "?", shim, answered, recorded);
    if (row->problem != NULL)
        pst_render_append(out, row->problem);
    if (row->volume_problem != NULL) {
        g_string_append(out, row->problem != NULL ? "; volume: " : "volume: ");
        pst_render_append(out, row->volume_problem);
    }
    g_string_append_c(out, '\n');
}

static char *
as_text(const GPtrArray *rows)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%-24s %-14s %-8s %-6s %-7s %-10s %-12s %-12s %s\n", "DOMAIN",
                           "STATE", "CHANNEL", "AGENT", "VOLUME", "SHIM", "ANSWERED", "RECORDED",
                           "PROBLEM");
    for (guint i = 0; i < rows->len; i++)
        render_row(out, rows->pdata[i]);
    return g_string_free(out, FALSE);
}

static char *
as_json(const GPtrArray *rows)
{
    g_autoptr(JsonObject) json = json_object_new();

    json_object_set_array_member(json, "domains", pst_overview_to_json(rows));
    return pst_render_json(json);
}

gboolean
pst_command_list_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, NULL, 0, 0,
                           &argc, &argv, error))
        return FALSE;

    GPtrArray *rows = pst_ask_list(options, error);
    if (rows == NULL)
        return FALSE;
    g_autofree char *text = options->json ? as_json(rows) : as_text(rows);
    pst_overview_free(rows);
    *exit_code = 0;
    return pst_output_write(options->output, text, error);
}
