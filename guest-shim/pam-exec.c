// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-exec.h"

#include "guest-shim/pam-line.h"
#include "protocol/error.h"

#define SYSTEM_ERR 4

/* Its options come before the program; with `type=` it is asked in one phase alone. */
static const char *
program_of(char **words)
{
    guint i = 0;

    while (words[i] != NULL && words[i][0] != '/')
        i++;
    return words[i];
}

static gboolean
can_be_run(const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    if (!pst_sysroot_stat(sysroot, path, &st, &cause))
        return cause->code != PST_ERROR_ABSENT;
    return S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

int
pst_pam_exec_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *program = program_of(words);

    if (program == NULL || pst_pam_line_value(words, "type") != NULL ||
        can_be_run(subject->sysroot, program))
        return ruling->answer = PST_PAM_ANY;
    pst_pam_ruling_set(ruling, SYSTEM_ERR, program, 0, NULL,
                       g_strdup_printf("pam_exec is told to run %s, which is not there or can't be "
                                       "executed",
                                       program));
    ruling->remedy =
        g_strdup_printf("put %s back, or take line %u of %s away", program, line->line, line->file);
    return ruling->answer;
}
