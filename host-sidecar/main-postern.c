// SPDX-License-Identifier: LGPL-2.1-or-later
/* postern: wiring only. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "host-sidecar/command.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/standard-streams.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"

/* Time for channels to be closed in good order; what hangs by then is left to the kernel. A command
 * that has used up its deadline gets a tenth of it. */
#define SETTLE_US (100 * G_GINT64_CONSTANT(1000))
#define LATE_SETTLE_US (10 * G_GINT64_CONSTANT(1000))

/* printf() counts bytes, and some of the arguments have dots of three. */
static void
append_column(GString *out, const char *text, glong width)
{
    glong spaces = MAX(width - g_utf8_strlen(text, -1), 0) + 1;

    g_string_append_printf(out, "%s%*s", text, (int)spaces, "");
}

static char *
verbs_help(void)
{
    GString *out = g_string_new("Verbs:\n");
    glong names = 0, arguments = 0;

    for (guint i = 0; i < pst_command_table_n; i++) {
        names = MAX(names, g_utf8_strlen(pst_command_table[i].name, -1));
        arguments = MAX(arguments, g_utf8_strlen(pst_command_table[i].arguments, -1));
    }
    for (guint i = 0; i < pst_command_table_n; i++) {
        g_string_append(out, "  ");
        append_column(out, pst_command_table[i].name, names);
        append_column(out, pst_command_table[i].arguments, arguments);
        g_string_append_printf(out, "%s\n", pst_command_table[i].summary);
    }
    g_string_append(out, "\n`postern VERB --help` tells the options of a verb.\n");
    return g_string_free(out, FALSE);
}

/* The options before the verb; what follows it is the verb's own. */
static gboolean
parse_global(PstOptions *options, gboolean *version, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &options->connect,
         "The hypervisor (LIBVIRT_DEFAULT_URI, or libvirt's own choice)", "URI"},
        {"host", 0, 0, G_OPTION_ARG_STRING, &options->host,
         "The host whose daemon is asked, by ssh, in place of a hypervisor", "HOST"},
        {"no-daemon", 0, 0, G_OPTION_ARG_NONE, &options->no_daemon,
         "Do it in this process, also where posternd runs", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("VERB …");
    g_autofree char *verbs = verbs_help();
    g_autoptr(GError) cause = NULL;

    g_option_context_set_summary(
        context, "Says what is wrong with a libvirt guest whose network, SSH, sudo or PAM is "
                 "broken.");
    g_option_context_set_description(context, verbs);
    g_option_context_set_strict_posix(context, TRUE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, argc, argv, &cause))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s; see postern --help", cause->message);
    return FALSE;
}

static gboolean
run(int argc, char **argv, int *exit_code, gint64 *deadline_us, GError **error)
{
    g_auto(PstOptions) options = {0};
    gboolean version = FALSE;

    if (!parse_global(&options, &version, &argc, &argv, error))
        return FALSE;
    if (version) {
        *exit_code = 0;
        return pst_output_write(NULL, "postern " PST_VERSION "\n", error);
    }
    if (argc < 2) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "no verb; see postern --help");
        return FALSE;
    }
    const PstCommand *command = pst_command_find(argv[1], error);
    options.by_daemon = command != NULL && command->by_daemon;
    gboolean done =
        command != NULL && command->run(command, &options, argc - 1, argv + 1, exit_code, error);
    /* Of one that has none the sum would be beyond all numbers. */
    *deadline_us += MIN(options.deadline_us, G_MAXINT64 - *deadline_us);
    return done;
}

/* GLib prints help, and only help, by g_print(), and ends the program after that: a help text that
 * could not be written must not pass for one that was. */
static void
print_help(const char *text)
{
    g_autoptr(GError) error = NULL;

    if (pst_output_write(NULL, text, &error))
        return;
    fprintf(stderr, "postern: %s\n", error->message);
    _exit(pst_exit_code_of_error(error));
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    gint64 deadline_us = g_get_monotonic_time();
    int exit_code = PST_EXIT_UNKNOWN;

    pst_standard_streams_occupy();
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
    g_set_print_handler(print_help);
    if (!run(argc, argv, &exit_code, &deadline_us, &error)) {
        g_autofree char *message = pst_escape_text(error->message, FALSE);
        fprintf(stderr, "postern: %s\n", message);
        exit_code = pst_exit_code_of_error(error);
    }
    pst_task_settle(g_get_monotonic_time() < deadline_us ? SETTLE_US : LATE_SETTLE_US);
    /* Not exit(): a thread that hangs in libvirt would hang its clean-up too. */
    fflush(NULL);
    _exit(exit_code);
}
