// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/exec-store.h"
#include "guest-shim/sysroot.h"

/* What listens for commands: it takes a request, claims its id, and leaves the command to a process
 * of its own. It answers for those that have ended, too. Of the default main loop. */

typedef struct PstExecServer PstExecServer;

/* LISTENER is a socket that listens, taken over; SYSROOT is where the configuration and the
 * accounts are. IDLE is called where for a minute there was nothing to do. SIGCHLD is blocked from
 * here on. */
PstExecServer *pst_exec_server_new(const PstSysroot *sysroot, PstExecStore *store, int listener,
                                   void (*idle)(gpointer user_data), gpointer user_data,
                                   GError **error);
/* The guest's agent was let run this: where nobody has decided otherwise, commands are allowed. */
void pst_exec_server_set_by_agent(PstExecServer *server);
void pst_exec_server_free(PstExecServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecServer, pst_exec_server_free)
