// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/output.h"
#include "host-sidecar/overview.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

/* Its channel was opened, and a hello sent. */
static gboolean
was_greeted(const PstOverview *row)
{
    return g_strcmp0(row->state, "running") == 0 && g_strcmp0(row->channel, "open") == 0;
}

static void
audit_greeting(const PstOverview *row)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(row->name, "hello", NULL);

    answer->via = PST_VIA_CHANNEL;
    if (row->shim == NULL) {
        answer->via = PST_VIA_NONE;
        answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE,
                                            row->problem != NULL ? row->problem : "no answer");
    }
    pst_ask_audit("list", &answer, 1);
}

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
    JsonArray *domains = json_array_new();

    for (guint i = 0; i < rows->len; i++) {
        PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
        json_array_add_object_element(
            domains, pst_fields_encode(&pst_overview_fields, rows->pdata[i], &cut));
    }
    json_object_set_array_member(json, "domains", domains);
    return pst_render_json(json);
}

gboolean
pst_command_list_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, NULL, 0, 0,
                           &argc, &argv, error))
        return FALSE;

    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    GPtrArray *rows =
        pst_overview_make(hypervisor, g_get_monotonic_time() + options->deadline_us, error);
    if (rows == NULL) {
        if (error != NULL && (*error)->code == PST_ERROR_DEADLINE)
            (*error)->code = PST_ERROR_NO_HYPERVISOR;
        return FALSE;
    }
    for (guint i = 0; i < rows->len; i++)
        if (was_greeted(rows->pdata[i]))
            audit_greeting(rows->pdata[i]);
    g_autofree char *text = options->json ? as_json(rows) : as_text(rows);
    pst_overview_free(rows);
    *exit_code = 0;
    return pst_output_write(options->output, text, error);
}
