// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/commands.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/gate-run.h"
#include "host-sidecar/gate-words.h"
#include "host-sidecar/output.h"
#include "host-sidecar/policy-text.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define N_OWN 8 /* that are not of the vantage */
#define DEFAULT_DEADLINE_US (10 * G_USEC_PER_SEC)
#define LONGEST_DEADLINE_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

typedef enum {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_JUNIT,
} Format;

static const char *const format_names[] = {"text", "json", "junit", NULL};

static const int codes[] = {
    [PST_GATE_PASS] = PST_EXIT_OK,
    [PST_GATE_FAIL] = PST_EXIT_WARNING,
    [PST_GATE_COULD_NOT_CHECK] = PST_EXIT_UNKNOWN,
    [PST_GATE_NOT_CHECKABLE] = PST_EXIT_NOT_CHECKABLE,
};

typedef struct {
    PstVantageWords who;
    char *policy, *baseline, *since, *settle, *format;
    gboolean explain, lint, passive;
    PstGateWords mean;
    gint64 settle_us;
    int as;
} Words;

static void
clear_words(Words *words)
{
    pst_vantage_words_clear(&words->who);
    g_free(words->policy);
    g_free(words->baseline);
    g_free(words->since);
    g_free(words->settle);
    g_free(words->format);
    pst_gate_words_clear(&words->mean);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "gate: %s", why);
    return FALSE;
}

/* ---- the words ---- */

static gboolean
read_format(Words *words, const PstOptions *options, GError **error)
{
    words->as = options->json ? FORMAT_JSON : FORMAT_TEXT;
    if (words->format == NULL)
        return TRUE;
    if (!pst_policy_text_word(words->format, format_names, &words->as, error)) {
        g_prefix_error(error, "gate --format: ");
        return FALSE;
    }
    if (!options->json || words->as == FORMAT_JSON)
        return TRUE;
    words->as = FORMAT_JSON;
    return refuse(error, "say one of --json and --format");
}

static gboolean
read_settle(Words *words, PstOptions *options, GError **error)
{
    if (words->settle == NULL)
        return TRUE;
    if (!pst_options_parse_span(words->settle, &words->settle_us, error))
        return FALSE;
    if (words->settle_us > LONGEST_DEADLINE_US)
        return refuse(error, "--settle: say an hour at most");
    /* What is asked last has as long as anything that is asked once. */
    if (options->deadline_text == NULL)
        options->deadline_us = MIN(words->settle_us + DEFAULT_DEADLINE_US, LONGEST_DEADLINE_US);
    return TRUE;
}

static gboolean
read_words(Words *words, PstOptions *options, GError **error)
{
    /* First, since it also is how an error is told. */
    if (!read_format(words, options, error) || !pst_options_ask_afresh(options, "gate", error))
        return FALSE;
    if (words->policy == NULL)
        return refuse(error, "say which: --policy NAME or --policy FILE");
    if (words->explain && words->lint)
        return refuse(error, "say one of --explain and --lint");
    if (words->as == FORMAT_JUNIT && (words->explain || words->lint))
        return refuse(error, "--format junit is of a verdict: say text or json with --explain and "
                             "--lint");
    const PstGateSaid said = {
        words->policy, words->baseline, words->since, &words->who, words->lint || words->explain,
        words->lint};
    return pst_gate_words_read(&said, &words->mean, error) && read_settle(words, options, error);
}

/* ---- what is printed ---- */

static char *
lint_as_json(const Words *words, char **problems)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *array = json_array_new();

    pst_json_set_string(json, "policy", words->mean.policy->name);
    for (; *problems != NULL; problems++)
        json_array_add_string_element(array, *problems);
    json_object_set_array_member(json, "problems", array);
    return pst_render_json(json);
}

static gboolean
lint(const Words *words, const PstOptions *options, int *exit_code, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_auto(GStrv) problems = pst_policy_lint(words->mean.policy, now);
    g_autofree char *text = NULL;

    *exit_code = problems[0] != NULL ? PST_EXIT_WARNING : PST_EXIT_OK;
    if (words->as == FORMAT_JSON) {
        text = lint_as_json(words, problems);
    } else {
        GString *out = g_string_new(NULL);

        for (char **problem = problems; *problem != NULL; problem++) {
            pst_render_append(out, words->mean.policy->name);
            g_string_append(out, ": ");
            pst_render_append(out, *problem);
            g_string_append_c(out, '\n');
        }
        text = g_string_free(out, FALSE);
    }
    return pst_output_write(options->output, text, error);
}

static gboolean
explain(const Words *words, const PstGateCase *one, const PstOptions *options, GError **error)
{
    g_autofree char *text = NULL;

    if (words->as == FORMAT_JSON) {
        g_autoptr(JsonObject) json = pst_gate_explain_json(one);
        text = pst_render_json(json);
    } else {
        text = pst_gate_explain_text(one);
    }
    return pst_output_write(options->output, text, error);
}

static gboolean
print(const Words *words, const PstGateRun *run, const PstOptions *options, GError **error)
{
    g_autofree char *text = NULL;

    /* A file that is left as it was would tell what was before, and whoever reads JUnit's XML takes
     * none for a failure. */
    if (options->quiet && options->output == NULL && words->as != FORMAT_JUNIT &&
        run->verdict->result == PST_GATE_PASS)
        return TRUE;
    if (words->as == FORMAT_JUNIT) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        text = pst_gate_to_junit(run->verdict, now, run->took_us);
    } else if (words->as == FORMAT_JSON) {
        g_autoptr(JsonObject) json = pst_gate_to_json(run->verdict);
        json_object_set_int_member(json, "asked", run->n_asked);
        json_object_set_int_member(json, "took_ms", run->took_us / 1000);
        text = pst_render_json(json);
    } else {
        text = pst_gate_to_text(run->verdict);
    }
    return pst_output_write(options->output, text, error);
}

/* Whoever reads JUnit's XML finds there that there is no verdict, and not the last one. What stands
 * in the way of that is less than what stood in the way of the verdict, and is not told. */
static void
print_error(const Words *words, const PstOptions *options, const char *domain, const GError *cause)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *text = NULL;

    if (words->as != FORMAT_JUNIT || words->lint || words->explain ||
        g_error_matches(cause, PST_ERROR, PST_ERROR_OUTPUT))
        return;
    text = pst_gate_error_to_junit(
        words->mean.policy != NULL ? words->mean.policy->name : words->policy, domain, cause, now);
    (void)pst_output_write(options->output, text, NULL);
}

/* ---- the verb ---- */

static gboolean
gate(const PstCommand *command, const PstOptions *options, const Words *words, const char *domain,
     const PstGateCase *one, int *exit_code, GError **error)
{
    g_auto(PstGateRun) run = {NULL};

    if (domain == NULL)
        return refuse(error, "say of which domain");
    if (!pst_gate_words_check(&words->mean, error) ||
        !pst_gate_run(options, command->name, domain, one, words->settle_us, &run, error))
        return FALSE;
    *exit_code = codes[run.verdict->result];
    return print(words, &run, options, error);
}

static gboolean
run_words(const PstCommand *command, PstOptions *options, Words *words, const char *domain,
          int *exit_code, GError **error)
{
    if (!read_words(words, options, error))
        return FALSE;
    const PstGateCase one =
        pst_gate_words_case(&words->mean, domain != NULL ? domain : "DOMAIN", words->passive);
    *exit_code = PST_EXIT_OK;
    if (words->lint)
        return lint(words, options, exit_code, error);
    if (words->explain)
        return explain(words, &one, options, error);
    return gate(command, options, words, domain, &one, exit_code, error);
}

gboolean
pst_command_gate_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error)
{
    g_auto(Words) words = {.policy = NULL};
    g_autoptr(GError) cause = NULL;
    GOptionEntry entries[N_OWN + PST_VANTAGE_N_ENTRIES + 1] = {
        {"policy", 'p', 0, G_OPTION_ARG_STRING, &words.policy,
         "What must hold: a policy's name, or its file", "NAME|FILE"},
        {"baseline", 'b', 0, G_OPTION_ARG_FILENAME, &words.baseline,
         "What was before: a file of postern baseline", "FILE"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &words.since,
         "What is new came after this: a mark, or a span as 15min", "MARK|SPAN"},
        {"settle", 0, 0, G_OPTION_ARG_STRING, &words.settle,
         "Ask again for so long while something in it is under way", "SPAN"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &words.format, "text, json or junit", "FORMAT"},
        {"passive", 0, 0, G_OPTION_ARG_NONE, &words.passive,
         "Leave no trace in the guest's own logs", NULL},
        {"explain", 0, 0, G_OPTION_ARG_NONE, &words.explain,
         "Tell what the policy would ask, and ask nobody", NULL},
        {"lint", 0, 0, G_OPTION_ARG_NONE, &words.lint,
         "Tell what is wrong with the policy, and ask nobody", NULL},
    };

    pst_vantage_entries(&words.who, entries + N_OWN, PST_VANTAGE_N_ENTRIES);
    options->longest_deadline_us = LONGEST_DEADLINE_US;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           1, &argc, &argv, error))
        return FALSE;
    const char *domain = argc > 1 ? argv[1] : NULL;
    if (run_words(command, options, &words, domain, exit_code, &cause))
        return TRUE;
    print_error(&words, options, domain, cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
