// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/known-hosts.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"

typedef struct {
    char **names;
    int port;
} Words;

static void
clear_words(Words *words)
{
    g_strfreev(words->names);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

/* What is wrong with the words needs no guest to be seen. The domain's own name stands for them. */
static gboolean
check_words(Words *words, const char *domain, GError **error)
{
    const char *const own[] = {domain, NULL};

    if (words->port < 0 || words->port > G_MAXUINT16) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%d' is no port: say 1 to 65535",
                    words->port);
        return FALSE;
    }
    if (words->names == NULL)
        words->names = g_strdupv((char **)own);
    for (guint i = 0; words->names[i] != NULL; i++)
        if (!pst_known_hosts_check_name(words->names[i], error))
            return FALSE;
    return TRUE;
}

/* Only the keys are asked for: ssh waits for the answer, twice. */
static PstAnswer *
ask(const PstOptions *options, const PstCommand *command, const char *domain, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) path = pst_ask_new(options, command->name, domain, deadline_us);
    g_autoptr(JsonObject) args = json_object_new();
    PstAnswer **questions;

    json_object_set_boolean_member(args, "host_keys_only", TRUE);
    questions = g_new0(PstAnswer *, 1);
    questions[0] = pst_answer_new(domain, "ssh", args);
    g_autofree PstAnswer **answers = pst_ask_questions(path, questions, 1, NULL, NULL, error);
    if (answers == NULL)
        return NULL;
    g_autoptr(PstAnswer) answer = answers[0];
    if (answer->report != NULL && answer->report->data != NULL)
        return g_steal_pointer(&answer);
    g_autofree char *why = pst_answer_explain(answer);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: ssh: %s", pst_ask_name(path), why);
    return NULL;
}

static char *
as_json(const char *guest, char **lines)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *array = json_array_new();

    pst_json_set_string(json, "guest", guest);
    for (guint i = 0; lines[i] != NULL; i++)
        json_array_add_string_element(array, lines[i]);
    json_object_set_array_member(json, "known_hosts", array);
    return pst_render_json(json);
}

static char *
as_text(char **lines)
{
    g_autofree char *text = g_strjoinv("\n", lines);

    return g_strconcat(text, "\n", NULL);
}

gboolean
pst_command_known_hosts_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                            int *exit_code, GError **error)
{
    g_auto(Words) words = {NULL, 0};
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &words.names,
         "A name that ssh knows the guest by (the domain's); may be repeated", "NAME"},
        {"port", 0, 0, G_OPTION_ARG_INT, &words.port,
         "The port that ssh goes to (those that the guest's sshd listens on)", "PORT"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                           1, &argc, &argv, error) ||
        !check_words(&words, argv[1], error))
        return FALSE;
    g_autoptr(PstAnswer) answer = ask(options, command, argv[1], error);
    if (answer == NULL)
        return FALSE;
    g_auto(GStrv) lines = pst_known_hosts_lines(answer->report, (const char *const *)words.names,
                                                (guint)words.port, error);
    if (lines == NULL)
        return FALSE;
    g_autofree char *text = options->json ? as_json(argv[1], lines) : as_text(lines);
    *exit_code = 0;
    return pst_output_write(options->output, text, error);
}
