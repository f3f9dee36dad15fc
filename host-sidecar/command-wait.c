// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/commands.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/vantage.h"
#include "host-sidecar/wait-run.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define N_OWN 3
#define DEFAULT_DEADLINE_US (120 * G_USEC_PER_SEC)
#define LONGEST_DEADLINE_US (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)

typedef struct {
    PstVantageWords who;
    char *goal, *since;
    gboolean passive;
} Words;

static void
clear_words(Words *words)
{
    pst_vantage_words_clear(&words->who);
    g_free(words->goal);
    g_free(words->since);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static const char *const end_names[] = {
    [PST_WAIT_REACHED] = "reached",
    [PST_WAIT_LATE] = "late",
    [PST_WAIT_GONE] = "gone",
};

static const char *const end_words[] = {
    [PST_WAIT_REACHED] = "after",
    [PST_WAIT_LATE] = "not within",
    [PST_WAIT_GONE] = "will not come, as seen after",
};

static const int end_codes[] = {
    [PST_WAIT_REACHED] = PST_EXIT_OK,
    [PST_WAIT_LATE] = PST_EXIT_UNKNOWN,
    [PST_WAIT_GONE] = PST_EXIT_CRITICAL,
};

static gboolean
has_vantage(const PstVantageWords *who)
{
    return who->as != NULL || who->user != NULL || who->from != NULL || who->port != NULL ||
           who->key != NULL || who->command != NULL;
}

static gboolean
read_vantage(const Words *words, PstWaitGoal *goal, GError **error)
{
    const char *why = NULL;

    if (goal->state != PST_WAIT_ACCESS) {
        if (!has_vantage(&words->who) && !words->passive)
            return TRUE;
        why = "--as, --user and what goes with them, and --passive, are of --for access";
    } else {
        goal->passive = words->passive;
        goal->vantage = pst_vantage_read(&words->who, error);
        if (goal->vantage == NULL || json_object_has_member(goal->vantage, "user"))
            return goal->vantage != NULL;
        why = "--for access: say whose, with --user or --as";
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "wait: %s", why);
    return FALSE;
}

static gboolean
read_words(const Words *words, PstWaitGoal *goal, GError **error)
{
    if (words->goal == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "wait: say what for: --for shim, access, target, or target=UNIT");
        return FALSE;
    }
    if (!pst_wait_parse(words->goal, goal, error) || !read_vantage(words, goal, error))
        return FALSE;
    goal->since = words->since != NULL ? pst_mark_parse(words->since, error) : NULL;
    return words->since == NULL || goal->since != NULL;
}

static char *
as_json(const PstWaitOutcome *outcome, const char *goal)
{
    g_autoptr(JsonObject) json = json_object_new();

    pst_json_set_string(json, "guest", outcome->guest);
    pst_json_set_string(json, "for", goal);
    pst_json_set_string(json, "result", end_names[outcome->end]);
    pst_json_set_string(json, "seen", outcome->seen);
    pst_json_set_string(json, "boot_id", outcome->boot_id);
    json_object_set_int_member(json, "waited_ms", outcome->waited_us / 1000);
    json_object_set_int_member(json, "asked", outcome->n_asked);
    json_object_set_boolean_member(json, "events", outcome->by_event);
    return pst_render_json(json);
}

static char *
as_text(const PstWaitOutcome *outcome)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, outcome->guest);
    g_string_append_printf(out, ": %s %.1f s: ", end_words[outcome->end],
                           (double)outcome->waited_us / G_USEC_PER_SEC);
    pst_render_quote(out, outcome->seen != NULL ? outcome->seen : "nobody has answered");
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

gboolean
pst_command_wait_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    g_auto(Words) words = {.passive = FALSE};
    g_auto(PstWaitGoal) goal = {.state = PST_WAIT_SHIM};
    g_auto(PstWaitOutcome) outcome = {.end = PST_WAIT_LATE};
    GOptionEntry entries[N_OWN + PST_VANTAGE_N_ENTRIES + 1] = {
        {"for", 0, 0, G_OPTION_ARG_STRING, &words.goal,
         "Until this is there: shim, access, target, or target=UNIT", "STATE"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &words.since, "Only what is of after this mark counts",
         "MARK"},
        {"passive", 0, 0, G_OPTION_ARG_NONE, &words.passive,
         "Leave no trace in the guest's own logs", NULL},
    };

    pst_vantage_entries(&words.who, entries + N_OWN, PST_VANTAGE_N_ENTRIES);
    options->default_deadline_us = DEFAULT_DEADLINE_US;
    options->longest_deadline_us = LONGEST_DEADLINE_US;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error) ||
        !read_words(&words, &goal, error) ||
        !pst_wait_run(options, command->name, argv[1], &goal, &outcome, error))
        return FALSE;
    *exit_code = end_codes[outcome.end];
    if (options->quiet && outcome.end == PST_WAIT_REACHED)
        return TRUE;
    g_autofree char *text = options->json ? as_json(&outcome, words.goal) : as_text(&outcome);
    return pst_output_write(options->output, text, error);
}
