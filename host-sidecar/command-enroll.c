// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "host-sidecar/commands.h"
#include "host-sidecar/enroll-xml.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "protocol/error.h"

#define PIECE 65536

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

gboolean
pst_command_enroll_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                       int *exit_code, GError **error)
{
    PstEnrollXmlWish wish = {.console_log = FALSE};
    g_autofree char *folder = NULL;
    gboolean xml = FALSE;
    const GOptionEntry entries[] = {
        {"xml", 0, 0, G_OPTION_ARG_NONE, &xml,
         "A domain's XML from standard input, and out again with what postern needs", NULL},
        {"no-recorder", 0, 0, G_OPTION_ARG_NONE, &wish.no_recorder, "Without the recorder", NULL},
        {"console-log", 0, 0, G_OPTION_ARG_NONE, &wish.console_log,
         "Log its serial console too: where virtlogd stops, the guest stands still", NULL},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &folder,
         "Of the recorder's file (/var/lib/libvirt/postern)", "FOLDER"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           0, &argc, &argv, error))
        return FALSE;
    if (!xml || (folder != NULL && !g_path_is_absolute(folder))) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    xml ? "--folder: say an absolute path"
                        : "usage: postern enroll --xml <domain.xml; docs/operating.md tells how to "
                          "put it into a running guest by hand");
        return FALSE;
    }
    wish.folder = folder;
    *exit_code = PST_EXIT_OK;
    return filter(options, &wish, error);
}
