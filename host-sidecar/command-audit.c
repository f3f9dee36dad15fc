// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/audit-entries.h"
#include "host-sidecar/audit-log.h"
#include "host-sidecar/chain-head.h"
#include "host-sidecar/chain-verify.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/mark.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

#define DEFAULT_LINES 50
/* Of a verification. */
#define CHANGED 1

static const char *const doors[] = {"diagnose", "recover", NULL};

typedef struct {
    char *file, *door, *guest, *since, *until, *holds;
    gint lines;
    gboolean verify;
    gboolean own; /* nobody said which log */
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    g_free(wanted->file);
    g_free(wanted->door);
    g_free(wanted->guest);
    g_free(wanted->since);
    g_free(wanted->until);
    g_free(wanted->holds);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

static gboolean
check(const Wanted *wanted, GError **error)
{
    const char *why = NULL;

    if (wanted->verify && (wanted->guest != NULL || wanted->since != NULL || wanted->until != NULL))
        why = "--verify is of the whole log";
    else if (!wanted->verify && wanted->holds != NULL)
        why = "--holds goes with --verify";
    else if (wanted->holds != NULL &&
             (strlen(wanted->holds) != PST_CHAIN_DIGITS ||
              strspn(wanted->holds, "0123456789abcdefABCDEF") != PST_CHAIN_DIGITS))
        why = "--holds: say the 64 hexadecimal digits of a SHA-256";
    else if (wanted->lines < 1)
        why = "--lines: say at least 1";
    else if (wanted->door != NULL && wanted->file != NULL)
        why = "--door and --file name a log each: say one of them";
    else if (wanted->door != NULL && !g_strv_contains(doors, wanted->door))
        why = "--door: say diagnose or recover";
    if (why != NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "audit: %s", why);
    return why == NULL;
}

static char *
verdict_of(const PstOptions *options, const PstChainOutcome *result, const char *file)
{
    if (options->quiet && result->n_faults == 0)
        return g_strdup("");
    if (!options->json)
        return pst_chain_verify_to_text(result, file);
    g_autoptr(JsonObject) json = pst_chain_verify_to_json(result, file);
    return pst_render_json(json);
}

/* What can't be looked at does not keep the other logs from being. */
static gboolean
verify(const PstOptions *options, const Wanted *wanted, GPtrArray *files, int *exit_code,
       GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) unread = NULL;

    for (guint i = 0; i < files->len; i++) {
        g_autoptr(PstChainOutcome) result =
            pst_chain_verify(files->pdata[i], wanted->holds, unread == NULL ? &unread : NULL);

        if (result == NULL)
            continue;
        if (result->n_faults > 0)
            *exit_code = CHANGED;
        g_autofree char *verdict = verdict_of(options, result, files->pdata[i]);
        g_string_append(text, verdict);
    }
    if (text->len > 0 && !pst_output_write(options->output, text->str, error))
        return FALSE;
    if (unread == NULL)
        return TRUE;
    if (*exit_code == CHANGED) {
        fprintf(stderr, "postern: %s\n", unread->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&unread));
    return FALSE;
}

static gboolean
is_there(const char *file)
{
    g_autofree char *head = pst_chain_head_path(file);

    return g_file_test(file, G_FILE_TEST_EXISTS) || g_file_test(head, G_FILE_TEST_EXISTS);
}

/* Of root's all that there are on this host, unless one is asked for: the doors keep their own. */
static GPtrArray *
find_logs(const Wanted *wanted)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);

    if (!wanted->own || is_there(wanted->file))
        g_ptr_array_add(files, g_strdup(wanted->file));
    if (wanted->own && geteuid() == 0 && wanted->holds == NULL)
        for (const char *const *door = doors; *door != NULL; door++) {
            g_autofree char *file = pst_audit_log_file_of_door(*door);

            if (is_there(file))
                g_ptr_array_add(files, g_steal_pointer(&file));
        }
    if (files->len == 0)
        g_ptr_array_add(files, g_strdup(wanted->file));
    return files;
}

/* So long ago, or the host's time of a mark, as a moment; 0 where nothing was said. */
static gboolean
read_moment(const char *text, gint64 *moment_us, GError **error)
{
    gint64 span_us = 0;

    if (text == NULL)
        return TRUE;
    if (pst_mark_is(text)) {
        g_autoptr(PstMark) mark = pst_mark_parse(text, error);

        *moment_us = mark != NULL ? MAX(mark->host_us, 1) : 0;
        return mark != NULL;
    }
    if (!pst_options_parse_span(text, &span_us, error))
        return FALSE;
    *moment_us = MAX(g_get_real_time() - span_us, 1);
    return TRUE;
}

static gboolean
print(const PstOptions *options, const Wanted *wanted, GError **error)
{
    PstAuditWish wish = {.guest = wanted->guest, .lines = (guint)wanted->lines};
    g_autofree char *text = NULL;

    if (!read_moment(wanted->since, &wish.since_us, error) ||
        !read_moment(wanted->until, &wish.until_us, error))
        return FALSE;
    g_autoptr(PstAuditEntries) entries = pst_audit_entries_read(wanted->file, &wish);
    if (entries->fault != NULL) {
        g_set_error_literal(error, PST_ERROR, PST_ERROR_UNAVAILABLE, entries->fault);
        return FALSE;
    }
    if (options->json) {
        g_autoptr(JsonObject) json = pst_audit_entries_to_json(entries);
        text = pst_render_json(json);
    } else {
        text = pst_audit_entries_to_text(entries);
    }
    return pst_output_write(options->output, text, error);
}

gboolean
pst_command_audit_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                      int *exit_code, GError **error)
{
    g_auto(Wanted) wanted = {.lines = DEFAULT_LINES};
    const GOptionEntry entries[] = {
        {"verify", 0, 0, G_OPTION_ARG_NONE, &wanted.verify,
         "Tell whether the log is as it was written", NULL},
        {"holds", 0, 0, G_OPTION_ARG_STRING, &wanted.holds,
         "With --verify: a line of this SHA-256 has to be there", "SHA256"},
        {"file", 0, 0, G_OPTION_ARG_FILENAME, &wanted.file, "Another log than this user's", "FILE"},
        {"door", 0, 0, G_OPTION_ARG_STRING, &wanted.door, "The log of a door's service",
         "diagnose|recover"},
        {"guest", 0, 0, G_OPTION_ARG_STRING, &wanted.guest, "Only of this guest", "NAME"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &wanted.since, "Not older than this", "SPAN|MARK"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &wanted.until, "Not newer than this", "SPAN|MARK"},
        {"lines", 'n', 0, G_OPTION_ARG_INT, &wanted.lines, "At most so many, the newest (50)", "N"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           0, &argc, &argv, error) ||
        !check(&wanted, error))
        return FALSE;
    wanted.own = wanted.file == NULL && wanted.door == NULL;
    if (wanted.own)
        wanted.file = pst_audit_log_file();
    else if (wanted.door != NULL)
        wanted.file = pst_audit_log_file_of_door(wanted.door);
    *exit_code = PST_EXIT_OK;
    if (!wanted.verify)
        return print(options, &wanted, error);
    g_autoptr(GPtrArray) files = find_logs(&wanted);
    return verify(options, &wanted, files, exit_code, error);
}
