// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "host-sidecar/commands.h"
#include "host-sidecar/confirm.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/power.h"
#include "host-sidecar/render.h"
#include "host-sidecar/snapshot-run.h"
#include "protocol/error.h"

#define DEFAULT_DEADLINE_US (180 * (gint64)G_USEC_PER_SEC)
#define LONGEST_DEADLINE_US (3600 * (gint64)G_USEC_PER_SEC)

typedef struct {
    char *name, *description, *without_forensics;
    gboolean disk_only, live, quiesce, dry_run, yes;
} Words;

static void
clear_words(Words *words)
{
    g_free(words->name);
    g_free(words->description);
    g_free(words->without_forensics);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
misuse(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "snapshot %s", what);
    return FALSE;
}

static gboolean
print(const PstOptions *options, JsonObject *json, const char *text, GError **error)
{
    g_autofree char *line = options->json ? pst_render_json(json) : NULL;

    return pst_output_write(options->output, line != NULL ? line : text, error);
}

/* Nobody is asked who is not there. */
/* ---- list ---- */

static gboolean
print_list(const PstOptions *options, const char *domain, int *exit_code, GError **error)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autoptr(PstSnapshotList) list = pst_snapshot_run_list(options, domain, error);

    if (list == NULL)
        return FALSE;
    g_autoptr(JsonObject) json = pst_fields_encode(&pst_snapshot_list_fields, list, &cut);
    g_autofree char *text = pst_snapshot_words_list(list);
    *exit_code = PST_EXIT_OK;
    return print(options, json, text, error);
}

/* ---- create ---- */

static gboolean
create(const PstOptions *options, const char *domain, const Words *words, int *exit_code,
       GError **error)
{
    const PstSnapshotWish wish = {words->name, words->description, words->disk_only, words->live,
                                  words->quiesce};
    g_auto(PstSnapshotOutcome) outcome = {NULL};
    g_autofree char *question = NULL;

    if (!pst_snapshot_check_wish(&wish, error))
        return FALSE;
    if (!words->yes) {
        g_autoptr(GString) line = g_string_new("Make a snapshot of ");
        pst_render_append(line, domain);
        if (!words->disk_only && !words->live)
            g_string_append(line, ", which stands still meanwhile where it runs");
        g_string_append(line, "? [y/N] ");
        if (pst_confirm_may_ask() && !pst_confirm_ask(line->str, error))
            return FALSE;
    }
    if (!pst_snapshot_run_create(options, domain, &wish, &outcome, error))
        return FALSE;
    *exit_code = PST_EXIT_OK;
    if (options->quiet)
        return TRUE;
    g_autoptr(JsonObject) json = pst_snapshot_words_json(&outcome);
    g_autofree char *text = pst_snapshot_words_created(&outcome);
    return print(options, json, text, error);
}

/* ---- revert ---- */

static gboolean
print_preview(const PstOptions *options, const PstSnapshotDone *preview, const char *lost,
              GError **error)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autoptr(JsonObject) json = pst_fields_encode(&pst_snapshot_done_fields, preview, &cut);
    g_autofree char *text = g_strconcat(lost, "\n", NULL);

    return print(options, json, text, error);
}

/* What is lost is said before anything is done, whether or not somebody is there to be asked. */
static gboolean
warn(const PstOptions *options, const Words *words, const char *lost, GError **error)
{
    const char *more = words->without_forensics != NULL ? "; no evidence is kept" : "";
    g_autofree char *question = g_strconcat(lost, more, "? [y/N] ", NULL);

    if (!words->yes && pst_confirm_may_ask())
        return pst_confirm_ask(question, error);
    if (!options->quiet)
        fprintf(stderr, "postern: %s%s\n", lost, more);
    return TRUE;
}

static gboolean
revert(const PstOptions *options, const char *domain, const char *name, const Words *words,
       int *exit_code, GError **error)
{
    g_auto(PstSnapshotOutcome) outcome = {NULL};

    if (!pst_snapshot_check_name(name, error) ||
        !pst_power_check_reason(words->without_forensics, error))
        return FALSE;
    g_autoptr(PstSnapshotDone) preview = pst_snapshot_run_preview(options, domain, name, error);
    if (preview == NULL)
        return FALSE;
    g_autofree char *lost = pst_snapshot_words_lost(domain, preview);
    *exit_code = PST_EXIT_OK;
    if (words->dry_run)
        return print_preview(options, preview, lost, error);
    if (!warn(options, words, lost, error) ||
        !pst_snapshot_run_revert(options, domain, name, words->without_forensics, &outcome, error))
        return FALSE;
    *exit_code = pst_snapshot_words_exit_code(&outcome);
    if (options->quiet && *exit_code == PST_EXIT_OK)
        return TRUE;
    g_autoptr(JsonObject) json = pst_snapshot_words_json(&outcome);
    g_autofree char *text = pst_snapshot_words_reverted(&outcome);
    return print(options, json, text, error);
}

/* ---- the verb ---- */

/* Whether an option was said that this action has not: it may be meant to keep it from something.
 */
static gboolean
knows_words(const Words *words, const char *action, GError **error)
{
    gboolean creates = g_str_equal(action, "create"), reverts = g_str_equal(action, "revert");

    if (!creates && (words->name != NULL || words->description != NULL || words->disk_only ||
                     words->live || words->quiesce))
        return misuse(error, "create alone has --name, --description, --disk-only, --live and "
                             "--quiesce");
    return reverts || (words->without_forensics == NULL && !words->dry_run) ||
           misuse(error, "revert alone has --without-forensics and --dry-run");
}

static gboolean
dispatch(const PstOptions *options, int argc, char **argv, const Words *words, int *exit_code,
         GError **error)
{
    const char *domain = argv[1], *action = argv[2];

    if (!knows_words(words, action, error))
        return FALSE;
    if (g_str_equal(action, "revert"))
        return argc == 4 ? revert(options, domain, argv[3], words, exit_code, error)
                         : misuse(error, "DOMAIN revert NAME: say which");
    if (argc != 3)
        return misuse(error, "DOMAIN list or create takes no more words: say --name NAME");
    if (g_str_equal(action, "list"))
        return print_list(options, domain, exit_code, error);
    if (g_str_equal(action, "create"))
        return create(options, domain, words, exit_code, error);
    return misuse(error, "DOMAIN: say list, create or revert NAME");
}

gboolean
pst_command_snapshot_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                         int *exit_code, GError **error)
{
    g_auto(Words) words = {.name = NULL};
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &words.name, "Of create: what it is called", "NAME"},
        {"description", 0, 0, G_OPTION_ARG_STRING, &words.description,
         "Of create: what is said of it", "TEXT"},
        {"disk-only", 0, 0, G_OPTION_ARG_NONE, &words.disk_only,
         "Of create: its disks alone, in files beside them", NULL},
        {"live", 0, 0, G_OPTION_ARG_NONE, &words.live,
         "Of create: in files beside the disks, while it goes on", NULL},
        {"quiesce", 0, 0, G_OPTION_ARG_NONE, &words.quiesce,
         "Of create --disk-only: its agent brings file systems to rest", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &words.dry_run, "Of revert: only say what is lost",
         NULL},
        {"without-forensics", 0, 0, G_OPTION_ARG_STRING, &words.without_forensics,
         "Of revert: no evidence, and this reason in the audit", "REASON"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &words.yes, "Don't ask on a terminal", NULL},
        {NULL},
    };

    options->default_deadline_us = DEFAULT_DEADLINE_US;
    options->longest_deadline_us = LONGEST_DEADLINE_US;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 2,
                           3, &argc, &argv, error))
        return FALSE;
    return dispatch(options, argc, argv, &words, exit_code, error);
}
