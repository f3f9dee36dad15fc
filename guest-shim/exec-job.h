// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/exec-peer.h"
#include "guest-shim/exec-store.h"
#include "guest-shim/sysroot.h"

/* One command and its supervisor: a process of its own, which starts the command, holds its pipes,
 * answers what is asked about it, kills it at its deadline or when nobody asks any more, and ends
 * with it. So the command outlives whoever took the request. */

typedef struct {
    const PstSysroot *sysroot; /* where the configuration and the accounts are */
    const PstExecStore *store;
    const PstExecStart *start;
    int listener;       /* ID's socket, as claimed */
    PstExecPeer *asker; /* whose request it is; taken over */
    PstMessageId id;    /* of that request */
    gboolean by_agent;  /* the guest's agent was let run it: where nobody has decided otherwise */
} PstExecJob;

/* Carries it out, in this process, which has no other child and whose SIGCHLD is blocked; returns
 * when it is over and told. FALSE where it was refused: then its id is not claimed any more. */
gboolean pst_exec_job_run(const PstExecJob *job);
