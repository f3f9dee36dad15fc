// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/confirm.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "protocol/error.h"

#define TERMINAL "/dev/tty"

gboolean
pst_confirm_may_ask(void)
{
    return isatty(STDIN_FILENO);
}

/* Where standard error goes elsewhere the question would not be seen there. */
static gboolean
show(const char *text, GError **error)
{
    gboolean seen = isatty(STDERR_FILENO);
    FILE *terminal = seen ? stderr : fopen(TERMINAL, "we");

    if (terminal == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "nothing was changed: there is no terminal to ask on (%s: %s); --yes does not "
                    "ask",
                    TERMINAL, g_strerror(errno));
        return FALSE;
    }
    fputs(text, terminal);
    if (seen)
        fflush(terminal);
    else
        fclose(terminal);
    return TRUE;
}

gboolean
pst_confirm_ask(const char *text, GError **error)
{
    char answer[8] = "";

    if (!show(text, error))
        return FALSE;
    if (fgets(answer, sizeof answer, stdin) != NULL && g_ascii_tolower(answer[0]) == 'y')
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "nothing was changed: it was not confirmed");
    return FALSE;
}
