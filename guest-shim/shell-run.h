// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/shell-start.h"
#include "guest-shim/shell-value.h"
#include "guest-shim/shell-words.h"

/* A shell script on its way through its commands: shell-start.c reads files, shell-syntax.c the
 * language, shell-command.c knows what the commands do, and all of them keep this. */

typedef struct PstShellRun PstShellRun;

struct PstShellRun {
    PstShellStartKind kind;
    PstShellStart *start; /* what came of it */
    PstShellWorld world;

    const char *path;
    const GPtrArray *words;
    guint at;
    GHashTable *commands, *lists; /* where what begins at a word ends */
    GHashTable *functions;        /* of this file: a name's body */
    gboolean broken;              /* no sense could be made of what stands here */
    guint nesting, files, tails, steps;

    guint skipped;          /* branches that are not run */
    guint unsure;           /* branches that may be run */
    guint apart;            /* processes of their own */
    guint conditions;       /* a failure here ends nothing */
    guint loops;            /* `break` leaves one */
    gboolean left_loop;     /* it did */
    gboolean returned;      /* or may have done more than leave it */
    gboolean ended;         /* for sure: nothing after it counts */
    gboolean gone;          /* no way leads here: after a return, a break or an end */
    gboolean gone_for_good; /* after an end, also for whoever reads this file */
    gboolean may_be_gone;   /* some ways returned before */
    gboolean exits_on_error;
    gboolean traps;  /* signals may be caught */
    guint64 seconds; /* that were slept */

    /* Of shell-start.c: reads another file, as `.` does; runs the function whose body begins at a
     * word. */
    void (*read_file)(PstShellRun *run, const char *path);
    void (*call)(PstShellRun *run, guint body);
};

/* Whether nothing that stands here is run. */
gboolean pst_shell_run_is_dead(const PstShellRun *run);

/* The shell ends, or waits, at LINE: sure or not, as the branches around it are. */
void pst_shell_run_end(PstShellRun *run, guint line, gboolean waits);

/* It may be the end, or not: what follows still counts. */
void pst_shell_run_may_end(PstShellRun *run, guint line, gboolean waits);

/* `return` and, of a process of its own, `exit`. */
void pst_shell_run_return(PstShellRun *run, gboolean for_good);

/* Whatever the script has set so far may be otherwise. */
void pst_shell_run_forget(PstShellRun *run);

/* A variable's new value; NULL for one that is not known. */
void pst_shell_run_set(PstShellRun *run, const char *name, const char *value);

/* A function; a BODY of 0 is not known. */
void pst_shell_run_define(PstShellRun *run, const char *name, guint body);

/* The command that begins at the word AT failed, or may have, where that ends the shell (set -e).
 */
void pst_shell_run_fail(PstShellRun *run, guint at, PstTri status);
