// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"

/* A verb of postern: a file command-NAME.c with a function, and a row of the table. */

typedef struct PstCommand {
    const char *name;
    const char *arguments; /* synopsis, as "DOMAIN NAME [KEY=VALUE …]" */
    const char *summary;   /* one line */
    /* argv[0] is the verb. OPTIONS holds what stood before the verb. Sets *exit_code, or returns
     * FALSE with the error that ended it. */
    gboolean (*run)(const struct PstCommand *command, PstOptions *options, int argc, char **argv,
                    int *exit_code, GError **error);
    gboolean by_daemon; /* all that it needs a daemon can answer: --host */
} PstCommand;

extern const PstCommand pst_command_table[];
extern const guint pst_command_table_n;

/* The row called NAME; NULL with PST_ERROR_USAGE that names the nearest valid one. */
const PstCommand *pst_command_find(const char *name, GError **error);
