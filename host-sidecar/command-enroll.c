// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "host-sidecar/commands.h"
#include "host-sidecar/confirm.h"
#include "host-sidecar/enroll-run.h"
#include "host-sidecar/enroll-words.h"
#include "host-sidecar/enroll-xml.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"

#define PIECE 65536
/* A package manager takes its time, and makes an initramfs anew. */
#define DEFAULT_DEADLINE_US (600 * (gint64)G_USEC_PER_SEC)
#define LONGEST_DEADLINE_US (3600 * (gint64)G_USEC_PER_SEC)

/* ---- a filter ---- */

/* All of standard input; one byte more than the most is enough to know that it is too much. */
static GByteArray *
read_all(GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree guint8 *piece = g_malloc(PIECE);

    while (bytes->len <= PST_ENROLL_XML_MAX) {
        ssize_t n = read(STDIN_FILENO, piece, PIECE);

        if (n == 0)
            return g_steal_pointer(&bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "standard input: %s", g_strerror(errno));
            return NULL;
        }
        g_byte_array_append(bytes, piece, (guint)n);
    }
    return g_steal_pointer(&bytes);
}

static void
tell(char **added)
{
    g_autofree char *list = g_strjoinv(", ", added);
    g_autofree char *escaped = pst_escape_text(list, FALSE);

    if (*added == NULL)
        fputs("postern: nothing was added: all of it is there\n", stderr);
    else
        fprintf(stderr, "postern: added: %s\n", escaped);
}

static gboolean
filter(const PstOptions *options, const PstEnrollXmlWish *wish, GError **error)
{
    g_auto(GStrv) added = NULL;
    g_autoptr(GByteArray) bytes = read_all(error);

    if (bytes == NULL)
        return FALSE;
    g_autofree char *text =
        pst_enroll_xml((const char *)bytes->data, bytes->len, wish, &added, error);
    if (text == NULL)
        return FALSE;
    if (!options->quiet)
        tell(added);
    return pst_output_write(options->output, text, error);
}

/* ---- a guest that runs ---- */

typedef struct {
    gboolean xml, panic, no_panic, video, no_video, no_recorder, console_log, dry_run, yes;
    char *package, *configuration, *folder;
} Words;

static void
clear_words(Words *words)
{
    g_free(words->package);
    g_free(words->configuration);
    g_free(words->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
print(const PstOptions *options, const PstEnrollTold *told, gboolean undo, int *exit_code,
      GError **error)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autofree char *text = NULL;

    *exit_code = pst_enroll_words_exit_code(told);
    if (options->quiet && *exit_code == PST_EXIT_OK)
        return TRUE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_fields_encode(&pst_enroll_told_fields, told, &cut);
        text = pst_render_json(json);
    } else {
        text = pst_enroll_words_text(told, undo);
    }
    return pst_output_write(options->output, text, error);
}

/* Nobody is asked who is not there. */
static gboolean
confirm(const PstEnrollJob *job, GError **error)
{
    if (!pst_confirm_may_ask() || !pst_enroll_is_due(job->steps))
        return TRUE;
    g_autoptr(PstEnrollTold) told = pst_enroll_run_tell(job, TRUE);
    g_autofree char *text = pst_enroll_words_text(told, job->undo);
    g_autofree char *question = pst_enroll_words_question(told, job->undo);
    g_autofree char *both = g_strconcat(text, question, NULL);
    return pst_confirm_ask(both, error);
}

static gboolean
act(const PstOptions *options, const char *domain, const PstEnrollAsked *asked, const Words *words,
    int *exit_code, GError **error)
{
    g_autoptr(PstEnrollJob) job = pst_enroll_run_look(options, domain, asked, error);

    if (job == NULL || (!words->dry_run && !words->yes && !confirm(job, error)))
        return FALSE;
    if (!words->dry_run && !pst_enroll_run_do(options, job, error))
        return FALSE;
    g_autoptr(PstEnrollTold) told = pst_enroll_run_tell(job, words->dry_run);
    return print(options, told, asked->undo, exit_code, error);
}

/* ---- the command line ---- */

static gboolean
misuse(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s", what);
    return FALSE;
}

static PstEnrollWanted
wanted(gboolean yes, gboolean no)
{
    if (yes)
        return PST_ENROLL_WANTED;
    return no ? PST_ENROLL_UNWANTED : PST_ENROLL_USUAL;
}

/* What belongs to the one use belongs to no other. */
static gboolean
check(const Words *words, gboolean domain, GError **error)
{
    if (words->xml == domain)
        return misuse(error, "usage: postern enroll DOMAIN, or postern enroll --xml <domain.xml");
    if ((words->panic && words->no_panic) || (words->video && words->no_video))
        return misuse(error, "enroll: a device is wanted or not, and not both");
    if (words->xml && (words->package != NULL || words->configuration != NULL || words->dry_run ||
                       words->panic || words->video))
        return misuse(error, "enroll --xml takes only --no-recorder, --no-panic, --no-video, "
                             "--console-log and --folder");
    if (!words->xml && words->folder != NULL)
        return misuse(error, "--folder is for --xml: a domain's recorder is in the pool postern");
    return words->folder == NULL || g_path_is_absolute(words->folder) ||
           misuse(error, "--folder: say an absolute path");
}

gboolean
pst_command_enroll_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                       int *exit_code, GError **error)
{
    g_auto(Words) words = {.xml = FALSE};
    const GOptionEntry entries[] = {
        {"package", 0, 0, G_OPTION_ARG_FILENAME, &words.package,
         "Of postern-shim, a .deb or .rpm (found in /var/lib/postern/packages)", "FILE"},
        {"shim-conf", 0, 0, G_OPTION_ARG_FILENAME, &words.configuration,
         "Laid down as its /etc/postern/shim.conf, where it has none", "FILE"},
        {"console-log", 0, 0, G_OPTION_ARG_NONE, &words.console_log,
         "Log its serial console too: where virtlogd stops, the guest stands still", NULL},
        {"panic", 0, 0, G_OPTION_ARG_NONE, &words.panic,
         "Fail where it can't have a panic device, which is added without a word", NULL},
        {"no-panic", 0, 0, G_OPTION_ARG_NONE, &words.no_panic, "Without it", NULL},
        {"video", 0, 0, G_OPTION_ARG_NONE, &words.video, "The same of a video device", NULL},
        {"no-video", 0, 0, G_OPTION_ARG_NONE, &words.no_video, "Without it", NULL},
        {"no-recorder", 0, 0, G_OPTION_ARG_NONE, &words.no_recorder, "Without the recorder", NULL},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &words.dry_run, "Only tell the steps", NULL},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &words.yes, "Don't ask on a terminal", NULL},
        {"xml", 0, 0, G_OPTION_ARG_NONE, &words.xml,
         "A domain's XML from standard input, and out again with what postern needs", NULL},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &words.folder,
         "With --xml, of the recorder's file (/var/lib/libvirt/postern)", "FOLDER"},
        {NULL},
    };

    options->default_deadline_us = DEFAULT_DEADLINE_US;
    options->longest_deadline_us = LONGEST_DEADLINE_US;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           1, &argc, &argv, error) ||
        !check(&words, argc > 1, error))
        return FALSE;
    if (!words.xml) {
        const PstEnrollAsked asked = {
            .wish = {.panic = wanted(words.panic, words.no_panic),
                     .video = wanted(words.video, words.no_video),
                     .no_recorder = words.no_recorder,
                     .console_log = words.console_log},
            .package = words.package,
            .configuration = words.configuration,
        };
        return act(options, argv[1], &asked, &words, exit_code, error);
    }
    const PstEnrollXmlWish wish = {.no_panic = words.no_panic,
                                   .no_video = words.no_video,
                                   .no_recorder = words.no_recorder,
                                   .console_log = words.console_log,
                                   .folder = words.folder};
    *exit_code = PST_EXIT_OK;
    return filter(options, &wish, error);
}

gboolean
pst_command_unenroll_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                         int *exit_code, GError **error)
{
    g_auto(Words) words = {.xml = FALSE};
    const PstEnrollAsked asked = {.undo = TRUE};
    const GOptionEntry entries[] = {
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &words.dry_run, "Only tell what would be undone",
         NULL},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &words.yes, "Don't ask on a terminal", NULL},
        {NULL},
    };

    options->default_deadline_us = DEFAULT_DEADLINE_US;
    options->longest_deadline_us = LONGEST_DEADLINE_US;
    return pst_options_parse(options, command->name, command->arguments, command->summary, entries,
                             1, 1, &argc, &argv, error) &&
           act(options, argv[1], &asked, &words, exit_code, error);
}
