// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/config.h"
#include "host-sidecar/forced.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* Of what was sent: a record has its bounds, and nothing is to be refused without one. */
#define MAX_ORIGINAL 1024

/* What was refused, and what was sent. */
static void
audit(const PstCommand *command, const char *domain, const char *key, const char *original,
      const GError *error)
{
    g_autoptr(JsonObject) args = json_object_new();

    pst_json_set_string(args, "key", key);
    if (original != NULL) {
        g_autofree char *beginning = pst_json_clean_cut(original, MAX_ORIGINAL, NULL);
        pst_json_set_string(args, "original", beginning);
    }
    g_autoptr(PstAnswer) answer = pst_answer_new(domain, "-", args);
    answer->error = g_error_copy(error);
    pst_ask_audit(command->name, &answer, 1);
}

static gboolean
run_words(PstOptions *options, char **words, int *exit_code, GError **error)
{
    const PstCommand *meant = pst_command_find(words[0], error);

    options->by_daemon = meant != NULL && meant->by_daemon;
    return meant != NULL &&
           meant->run(meant, options, (int)g_strv_length(words), words, exit_code, error);
}

gboolean
pst_command_forced_command_run(const PstCommand *command, PstOptions *options, int argc,
                               char **argv, int *exit_code, GError **error)
{
    g_autofree char *key = NULL, *domain = NULL;
    g_autoptr(GError) cause = NULL;
    const char *original = g_getenv("SSH_ORIGINAL_COMMAND");
    const GOptionEntry entries[] = {
        {"grant", 0, 0, G_OPTION_ARG_STRING, &key, "As [key NAME] of the configuration says",
         "NAME"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           0, &argc, &argv, error))
        return FALSE;
    if (key == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "forced-command: say which --grant");
        return FALSE;
    }
    /* One that can't be read allows nothing. */
    g_autoptr(GKeyFile) config = pst_config_load(&cause);
    g_auto(GStrv) words =
        config != NULL ? pst_forced_argv(config, key, original, &domain, &cause) : NULL;
    if (words != NULL)
        return run_words(options, words, exit_code, error);
    audit(command, domain != NULL ? domain : "-", key, original, cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
