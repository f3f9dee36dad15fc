// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/exec-target.h"

/* The command's process: started, and killed with all that it started. Its supervisor, this
 * process, is the subreaper of whatever it leaves behind. */

typedef struct {
    pid_t pid; /* also of its process group and session; to be set to 0 once it was
                * waited for, since it is anybody's then */
    int in;    /* the pipe to its standard input; -1: it is empty */
    int out[PST_EXEC_N_STREAMS]; /* the pipes from its output */
    char *group;                 /* the folder of its control group; NULL: it has none of its own */
    int failure; /* where it would tell what it could not do; -1: it is the program already */
} PstExecChild;

/* Whether START says that it is not to be started any more. */
gboolean pst_exec_child_is_late(const PstExecStart *start);

/* Starts it. FALSE where there is no such process, with *FAILURE, whose WHY is the caller's. What
 * it needs may hang, as a folder whose server is gone: that is not waited for, and
 * pst_exec_child_has_failed() tells in the end. */
gboolean pst_exec_child_start(const PstExecTarget *target, const PstExecStart *wish,
                              PstExecChild *child, PstExecFailure *failure);

/* Of one that was waited for: whether it never became the program; *FAILURE as above. */
gboolean pst_exec_child_has_failed(PstExecChild *child, const PstExecTarget *target,
                                   PstExecFailure *failure);

/* Kills what is left of it: its control group, its process group, and every child that this
 * process has. To be called again for as long as it has children: while one is killed another may
 * be born. */
void pst_exec_child_kill(const PstExecChild *child);

/* Whether this process has any child. */
gboolean pst_exec_child_is_any(void);

/* Its pipes and its control group, as far as nobody is in it, are given back. */
void pst_exec_child_clear(PstExecChild *child);
