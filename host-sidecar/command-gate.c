// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/commands.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/gate-run.h"
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
    /* What they mean. */
    PstPolicy *read;
    JsonObject *vantage;
    PstBaseline *before;
    PstSince *moment;
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
    g_clear_pointer(&words->read, pst_policy_free);
    g_clear_pointer(&words->vantage, json_object_unref);
    g_clear_pointer(&words->moment, pst_since_free);
    g_clear_pointer(&words->before, pst_baseline_free);
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

/* What stands on the command line wins over the policy's own. */
static gboolean
read_vantage(Words *words, GError **error)
{
    const PstVantageWords *own = &words->read->who, *said = &words->who;
    const PstVantageWords both = {
        .as = said->as != NULL ? said->as : own->as,
        .user = said->user != NULL || said->as != NULL ? said->user : own->user,
        .from = said->from != NULL || said->as != NULL ? said->from : own->from,
        .port = said->port != NULL || said->as != NULL ? said->port : own->port,
        .key = said->key != NULL || said->as != NULL ? said->key : own->key,
        .command = said->command != NULL || said->as != NULL ? said->command : own->command,
    };

    words->vantage = pst_vantage_read(&both, error);
    return words->vantage != NULL;
}

/* Of one user whom a baseline is about there is no need to say it again, nor from where that user
 * comes and by which key: what is asked otherwise than before can't be compared with it. A vantage
 * of the configuration says all of it. */
static void
take_vantage(Words *words)
{
    const char *const *users = (const char *const *)words->before->users;
    const char *user = NULL;
    g_auto(PstBaselineWish) wish = {NULL};

    if (!json_object_has_member(words->vantage, "user") && g_strv_length((char **)users) == 1)
        json_object_set_string_member(words->vantage, "user", users[0]);
    pst_json_get_string(words->vantage, "user", PST_JSON_NULLABLE, &user, NULL);
    pst_baseline_wish_again(words->before, &wish);
    if (user != NULL && g_strv_contains(users, user) && words->who.as == NULL &&
        words->read->who.as == NULL)
        pst_vantage_fill(words->vantage, wish.vantage);
}

static gboolean
read_baseline(Words *words, GError **error)
{
    if (words->baseline == NULL)
        return TRUE;
    if (words->since != NULL)
        return refuse(error, "say one of --baseline and --since");
    words->before = pst_baseline_load(words->baseline, error);
    if (words->before == NULL)
        return FALSE;
    take_vantage(words);
    if (words->before->mark == NULL)
        return TRUE;
    g_autofree char *mark = pst_mark_to_text(words->before->mark);
    words->moment = pst_since_parse(mark, error);
    return words->moment != NULL;
}

/* The policy's own span is for whoever gives neither: it may be shorter than a baseline is old,
 * also where that does not tell its moment. */
static gboolean
read_moment(Words *words, GError **error)
{
    const char *since = words->since != NULL ? words->since : words->read->since;

    if (since == NULL || words->before != NULL)
        return TRUE;
    words->moment = pst_since_parse(since, error);
    return words->moment != NULL;
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
    words->read = pst_policy_load(words->policy, error);
    return words->read != NULL && read_settle(words, options, error) &&
           read_vantage(words, error) && read_baseline(words, error) && read_moment(words, error);
}

/* Whether all is there that the policy can be judged by. */
static gboolean
check_whole(const Words *words, GError **error)
{
    gboolean alone = FALSE;
    const PstPolicyRule *compares = pst_policy_compares(words->read, &alone);
    g_autofree char *title = compares != NULL ? pst_policy_rule_title(compares) : NULL;

    if (pst_policy_needs_user(words->read) && !json_object_has_member(words->vantage, "user"))
        return refuse(error, "[reachable]: say whose access, with --user, --as, or user= in the "
                             "policy");
    if (compares == NULL || words->before != NULL || (!alone && words->moment != NULL))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "gate: %s compares with before: say %s", title,
                alone ? "--baseline FILE" : "--baseline FILE, or --since MARK");
    return FALSE;
}

/* ---- what is printed ---- */

static char *
lint_as_json(const Words *words, char **problems)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *array = json_array_new();

    pst_json_set_string(json, "policy", words->read->name);
    for (; *problems != NULL; problems++)
        json_array_add_string_element(array, *problems);
    json_object_set_array_member(json, "problems", array);
    return pst_render_json(json);
}

static gboolean
lint(const Words *words, const PstOptions *options, int *exit_code, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_auto(GStrv) problems = pst_policy_lint(words->read, now);
    g_autofree char *text = NULL;

    *exit_code = problems[0] != NULL ? PST_EXIT_WARNING : PST_EXIT_OK;
    if (words->as == FORMAT_JSON) {
        text = lint_as_json(words, problems);
    } else {
        GString *out = g_string_new(NULL);

        for (char **problem = problems; *problem != NULL; problem++) {
            pst_render_append(out, words->read->name);
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
    text = pst_gate_error_to_junit(words->read != NULL ? words->read->name : words->policy, domain,
                                   cause, now);
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
    if (!check_whole(words, error) ||
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
    const PstGateCase one = {
        .policy = words->read,
        .guest = domain != NULL ? domain : "DOMAIN",
        .vantage = words->vantage,
        .passive = words->passive,
        .since = words->moment,
        .before = words->before,
    };
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
