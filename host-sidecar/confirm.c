// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/confirm.h"

#include <stdio.h>
#include <unistd.h>

#include "protocol/error.h"

gboolean
pst_confirm_may_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

gboolean
pst_confirm_ask(const char *text, GError **error)
{
    char answer[8] = "";

    fputs(text, stderr);
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL && g_ascii_tolower(answer[0]) == 'y')
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "nothing was changed: it was not confirmed");
    return FALSE;
}
