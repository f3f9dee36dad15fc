// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-ruling.h"

void
pst_pam_ruling_clear(PstPamRuling *ruling)
{
    g_clear_pointer(&ruling->path, g_free);
    g_clear_pointer(&ruling->text, g_free);
    g_clear_pointer(&ruling->why, g_free);
    g_clear_pointer(&ruling->remedy, g_free);
    g_clear_pointer(&ruling->undo, g_strfreev);
}

int
pst_pam_ruling_set_unlooked(PstPamRuling *ruling, const char *path, const GError *cause)
{
    pst_pam_ruling_set(ruling, PST_PAM_ANY, path, 0, NULL,
                       g_strdup_printf("what it asks for is not known: %s", cause->message));
    ruling->id = "pam.could-not-look";
    ruling->unlooked = TRUE;
    ruling->remedy = g_strdup_printf("see what %s is, and put a file of rules there", path);
    return ruling->answer;
}

int
pst_pam_ruling_set(PstPamRuling *ruling, int answer, const char *path, guint line, const char *text,
                   char *why)
{
    pst_pam_ruling_clear(ruling);
    ruling->unlooked = FALSE;
    ruling->answer = answer;
    ruling->path = g_strdup(path);
    ruling->line = line;
    ruling->text = g_strdup(text);
    ruling->why = why;
    return answer;
}
