// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/confirm.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/overview.h"
#include "host-sidecar/power-run.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

#define DEFAULT_DEADLINE_US (180 * (gint64)G_USEC_PER_SEC)
#define LONGEST_DEADLINE_US (3600 * (gint64)G_USEC_PER_SEC)

typedef struct {
    gboolean graceful, yes;
    char *without_forensics;
} Words;

static void
clear_words(Words *words)
{
    g_free(words->without_forensics);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

/* ---- status ---- */

static const PstOverview *
find_domain(const GPtrArray *rows, const char *domain)
{
    for (guint i = 0; i < rows->len; i++) {
        const PstOverview *row = rows->pdata[i];
        if (g_strcmp0(row->name, domain) == 0 || g_strcmp0(row->uuid, domain) == 0)
            return row;
    }
    return NULL;
}

static char *
status_text(const PstOverview *row)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, row->name);
    g_string_append(out, ": ");
    pst_render_append(out, row->state);
    if (row->shim != NULL) {
        g_string_append(out, "; its shim answers, version ");
        pst_render_append(out, row->shim);
    } else if (row->problem != NULL) {
        g_string_append(out, "; its shim does not answer: ");
        pst_render_append(out, row->problem);
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

static gboolean
print_status(const PstOptions *options, const char *domain, int *exit_code, GError **error)
{
    g_autoptr(GPtrArray) rows = pst_ask_list(options, error);
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autofree char *text = NULL;

    if (rows == NULL)
        return FALSE;
    const PstOverview *row = find_domain(rows, domain);
    if (row == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_NO_DOMAIN, "no domain is called '%.64s'", domain);
        return FALSE;
    }
    if (options->json) {
        g_autoptr(JsonObject) json = pst_fields_encode(&pst_overview_fields, row, &cut);
        text = pst_render_json(json);
    } else {
        text = status_text(row);
    }
    *exit_code = PST_EXIT_OK;
    return pst_output_write(options->output, text, error);
}

/* ---- acts ---- */

/* Nobody is asked who is not there. */
static gboolean
confirm(const char *domain, const PstPowerWish *wish, GError **error)
{
    g_autofree char *question = pst_power_words_question(domain, wish);

    return !pst_confirm_may_ask() || pst_confirm_ask(question, error);
}

static gboolean
read_wish(const Words *words, const char *action, PstPowerWish *wish, GError **error)
{
    wish->graceful = words->graceful;
    wish->without_forensics = words->without_forensics;
    if (!pst_power_parse(action, &wish->action, error) ||
        !pst_power_check_reason(wish->without_forensics, error))
        return FALSE;
    if (!wish->graceful || wish->action != PST_POWER_START)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "power start: nobody is there to be --graceful");
    return FALSE;
}

static gboolean
act(const PstOptions *options, const char *domain, const Words *words, const char *action,
    int *exit_code, GError **error)
{
    g_auto(PstPowerOutcome) outcome = {NULL};
    PstPowerWish wish = {.graceful = FALSE};
    g_autofree char *text = NULL;

    if (!read_wish(words, action, &wish, error) || (!words->yes && !confirm(domain, &wish, error)))
        return FALSE;
    if (!pst_power_run(options, domain, &wish, &outcome, error))
        return FALSE;
    *exit_code = pst_power_words_exit_code(&outcome);
    if (options->quiet && *exit_code == PST_EXIT_OK)
        return TRUE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_power_words_json(&outcome);
        text = pst_render_json(json);
    } else {
        text = pst_power_words_text(&outcome);
    }
    return pst_output_write(options->output, text, error);
}

gboolean
pst_command_power_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                      int *exit_code, GError **error)
{
    g_auto(Words) words = {.graceful = FALSE};
    const GOptionEntry entries[] = {
        {"graceful", 'g', 0, G_OPTION_ARG_NONE, &words.graceful,
         "Ask its agent, then its ACPI button, and only then by force", NULL},
        {"without-forensics", 0, 0, G_OPTION_ARG_STRING, &words.without_forensics,
         "Keep no evidence, and this reason in the audit", "REASON"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &words.yes, "Don't ask on a terminal", NULL},
        {NULL},
    };

    options->default_deadline_us = DEFAULT_DEADLINE_US;
    options->longest_deadline_us = LONGEST_DEADLINE_US;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 2,
                           2, &argc, &argv, error))
        return FALSE;
    return g_str_equal(argv[2], "status")
               ? print_status(options, argv[1], exit_code, error)
               : act(options, argv[1], &words, argv[2], exit_code, error);
}
