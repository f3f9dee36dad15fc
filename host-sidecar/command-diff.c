// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/diff.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

static const int exit_codes[] = {
    [PST_DIFF_SAME] = PST_EXIT_OK,
    [PST_DIFF_WORSE] = PST_EXIT_WARNING,
    [PST_DIFF_NOT_SURE] = PST_EXIT_UNKNOWN,
};

/* How the guest is now, asked as it was asked then. */
static PstBaseline *
ask_now(const PstOptions *options, const char *method, const char *domain,
        const PstBaseline *earlier, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    g_auto(PstBaselineWish) wish;

    pst_baseline_wish_again(earlier, &wish);
    return pst_ask_baseline(ask, &wish, earlier, error);
}

static gboolean
print(const PstOptions *options, const PstDiff *diff, const char *old, const char *new,
      GError **error)
{
    g_autofree char *text = NULL;

    if (options->quiet && pst_diff_verdict(diff) == PST_DIFF_SAME)
        return TRUE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_diff_to_json(diff);
        text = pst_render_json(json);
    } else {
        text = pst_diff_to_text(diff, old, new);
    }
    return pst_output_write(options->output, text, error);
}

gboolean
pst_command_diff_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    g_autofree char *domain = NULL;
    const GOptionEntry entries[] = {
        {"against", 0, 0, G_OPTION_ARG_STRING, &domain, "The second is how this guest is now",
         "DOMAIN"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           2, &argc, &argv, error) ||
        !pst_options_ask_afresh(options, command->name, error))
        return FALSE;
    if ((domain != NULL) == (argc == 3)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "say two files, or one and --against DOMAIN");
        return FALSE;
    }
    g_autoptr(PstBaseline) before = pst_baseline_load(argv[1], error);
    if (before == NULL)
        return FALSE;
    g_autoptr(PstBaseline) after = domain != NULL
                                       ? ask_now(options, command->name, domain, before, error)
                                       : pst_baseline_load(argv[2], error);
    if (after == NULL)
        return FALSE;
    g_autoptr(PstDiff) diff = pst_diff_make(before, after);
    *exit_code = exit_codes[pst_diff_verdict(diff)];
    return print(options, diff, argv[1], domain != NULL ? domain : argv[2], error);
}
