// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-run.h"

#include <string.h>

gboolean
pst_shell_run_is_dead(const PstShellRun *run)
{
    return run->skipped > 0 || run->ended || run->gone;
}

void
pst_shell_run_end(PstShellRun *run, guint line, gboolean waits)
{
    gboolean sure = run->unsure == 0 && !run->may_be_gone;

    if (pst_shell_run_is_dead(run))
        return;
    if (sure || run->start->verdict == PST_SHELL_START_GOES_ON) {
        g_free(run->start->path);
        *run->start = (PstShellStart){sure ? PST_SHELL_START_ENDS : PST_SHELL_START_MAY_END, waits,
                                      g_strdup(run->path), line};
    }
    run->ended = sure;
    run->gone = run->gone_for_good = TRUE;
}

void
pst_shell_run_may_end(PstShellRun *run, guint line, gboolean waits)
{
    gboolean gone = run->gone, for_good = run->gone_for_good;

    run->unsure++;
    pst_shell_run_end(run, line, waits);
    run->unsure--;
    run->gone = gone;
    run->gone_for_good = for_good;
}

void
pst_shell_run_return(PstShellRun *run, gboolean for_good)
{
    if (pst_shell_run_is_dead(run))
        return;
    run->gone = TRUE;
    run->gone_for_good = for_good && run->unsure == 0 && !run->may_be_gone;
}

void
pst_shell_run_set(PstShellRun *run, const char *name, const char *value)
{
    gboolean sure = run->unsure == 0 && !run->may_be_gone && run->loops == 0 && run->apart == 0;

    if (!pst_shell_run_is_dead(run))
        g_hash_table_replace(run->world.variables, g_strdup(name), sure ? g_strdup(value) : NULL);
}

void
pst_shell_run_forget(PstShellRun *run)
{
    GHashTableIter iter;

    if (pst_shell_run_is_dead(run))
        return;
    g_hash_table_iter_init(&iter, run->world.variables);
    while (g_hash_table_iter_next(&iter, NULL, NULL))
        g_hash_table_iter_replace(&iter, NULL);
}

void
pst_shell_run_define(PstShellRun *run, const char *name, guint body)
{
    gboolean sure = run->unsure == 0 && !run->may_be_gone;

    if (!pst_shell_run_is_dead(run))
        g_hash_table_replace(run->functions, g_strdup(name), GUINT_TO_POINTER(sure ? body : 0));
}

void
pst_shell_run_fail(PstShellRun *run, guint at, PstTri status)
{
    const PstShellWord *word = run->words->pdata[at];

    /* `! A` is let fail. */
    if (run->kind != PST_SHELL_START_BASHRC || run->apart > 0 || g_str_equal(word->text, "!"))
        return;
    if (status == PST_TRI_NO)
        pst_shell_run_end(run, word->line, FALSE);
    else
        pst_shell_run_may_end(run, word->line, FALSE);
}
