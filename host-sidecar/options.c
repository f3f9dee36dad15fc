// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/options.h"

#include "host-sidecar/recent.h"
#include "host-sidecar/remote.h"
#include "protocol/error.h"
#include "protocol/limits.h"

void
pst_options_clear(PstOptions *options)
{
    g_free(options->connect);
    g_free(options->host);
    g_free(options->output);
    g_free(options->deadline_text);
    g_free(options->max_age_text);
}

static gint64
default_us(const PstOptions *options)
{
    return options->default_deadline_us > 0
               ? options->default_deadline_us
               : PST_LIMIT_DEADLINE_DEFAULT_MS * G_GINT64_CONSTANT(1000);
}

static gint64
longest_us(const PstOptions *options)
{
    return options->longest_deadline_us > 0 ? options->longest_deadline_us
                                            : PST_LIMIT_DEADLINE_MAX_MS * G_GINT64_CONSTANT(1000);
}

static gboolean
parse_deadline(PstOptions *options, GError **error)
{
    const gint64 max_us = longest_us(options);

    options->deadline_us = default_us(options);
    if (options->deadline_text == NULL)
        return TRUE;
    if (!pst_options_parse_span(options->deadline_text, &options->deadline_us, error))
        return FALSE;
    if (options->deadline_us > 0 && options->deadline_us <= max_us)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "--deadline %s: say more than 0 and at most %" G_GINT64_FORMAT "s",
                options->deadline_text, max_us / G_USEC_PER_SEC);
    return FALSE;
}

static gboolean
parse_max_age(PstOptions *options, GError **error)
{
    const gint64 max_us = PST_RECENT_MAX_MS * G_GINT64_CONSTANT(1000);

    if (options->max_age_text == NULL)
        return TRUE;
    if (!pst_options_parse_span(options->max_age_text, &options->max_age_us, error))
        return FALSE;
    options->afresh = options->max_age_us == 0;
    if (options->max_age_us >= 0 && options->max_age_us <= max_us)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--max-age %s: say at most %ds",
                options->max_age_text, PST_RECENT_MAX_MS / 1000);
    return FALSE;
}

static char *
help_on_deadline(const PstOptions *options)
{
    if (default_us(options) == PST_OPTIONS_NO_DEADLINE)
        return g_strdup("End after this time (never)");
    return g_strdup_printf(
        "How long it may take (%" G_GINT64_FORMAT "s; at most %" G_GINT64_FORMAT "s)",
        default_us(options) / G_USEC_PER_SEC, longest_us(options) / G_USEC_PER_SEC);
}

static gboolean
check_host(const PstOptions *options, const char *verb, GError **error)
{
    const char *why = NULL;

    if (options->host == NULL)
        return TRUE;
    if (!options->by_daemon)
        why = "needs more than a daemon tells: run it on that host, or see --connect";
    else if (options->connect != NULL)
        why = "say --host or --connect";
    else if (options->no_daemon)
        why = "say --host or --no-daemon";
    if (why == NULL)
        return pst_remote_check_host(options->host, error);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s --host: %s", verb, why);
    return FALSE;
}

static gboolean
check_count(const char *verb, const char *arguments, int n, int min, int max, GError **error)
{
    if (n >= min && (max < 0 || n <= max))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "usage: postern %s%s%s [options]", verb,
                *arguments != '\0' ? " " : "", arguments);
    return FALSE;
}

gboolean
pst_options_parse(PstOptions *options, const char *verb, const char *arguments, const char *summary,
                  const GOptionEntry *entries, int min, int max, int *argc, char ***argv,
                  GError **error)
{
    g_autofree char *deadline_help = help_on_deadline(options);
    const GOptionEntry common[] = {
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &options->connect, "The hypervisor", "URI"},
        {"host", 0, 0, G_OPTION_ARG_STRING, &options->host, "Ask the daemon of this host, by ssh",
         "HOST"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
         "Write to this file instead of standard output", "FILE"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Print nothing where all is well",
         NULL},
        {"no-daemon", 0, 0, G_OPTION_ARG_NONE, &options->no_daemon,
         "Do it in this process, also where posternd runs", NULL},
        {"max-age", 0, 0, G_OPTION_ARG_STRING, &options->max_age_text,
         "An answer that posternd had so recently will do (at most 5min)", "SPAN"},
        {"deadline", 0, 0, G_OPTION_ARG_STRING, &options->deadline_text, deadline_help, "SPAN"},
        {NULL},
    };
    g_autofree char *prefix = g_strdup_printf("%s %s", verb, arguments);
    g_autoptr(GOptionContext) context = g_option_context_new(prefix);
    g_autoptr(GError) cause = NULL;

    g_option_context_set_summary(context, summary);
    g_option_context_add_main_entries(context, common, NULL);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &cause)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s; see postern %s --help", verb,
                    cause->message, verb);
        return FALSE;
    }
    return check_host(options, verb, error) && parse_deadline(options, error) &&
           parse_max_age(options, error) &&
           check_count(verb, arguments, *argc - 1, min, max, error);
}

gboolean
pst_options_ask_afresh(PstOptions *options, const char *verb, GError **error)
{
    options->afresh = TRUE;
    if (options->max_age_us == 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "%s --max-age %s: an answer of before tells nothing of now: say 0, or leave it out",
                verb, options->max_age_text);
    return FALSE;
}
