// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/message.h"

/* The shim's part in running commands: a request is handed to whoever serves its command, or else
 * to the service that starts them, and the answer is handed back. The shim itself starts nothing,
 * and a command neither depends on it nor ends with it. */

#define PST_EXEC_RELAY_SOCKET "/run/postern/exec.sock"

typedef struct PstExecRelay PstExecRelay;

/* TEXT is the answer, JSON, lent; NULL where none came, with ERROR. */
typedef void (*PstExecRelayDone)(const char *text, const GError *error, gpointer user_data);

/* Hands MESSAGE on. NULL with PST_ERROR_UNAVAILABLE or PST_ERROR_BUSY where nobody takes it: then
 * nothing was started. An error that DONE is told leaves that open. */
PstExecRelay *pst_exec_relay_start(const PstSysroot *sysroot, const PstMessage *message,
                                   PstExecRelayDone done, gpointer user_data, GError **error);

/* The same over FD, a connection that does not block and is taken over. */
PstExecRelay *pst_exec_relay_over(int fd, const PstMessage *message, PstExecRelayDone done,
                                  gpointer user_data);

/* Nobody waits for the answer: DONE is not called. Not to be called after it was. */
void pst_exec_relay_cancel(PstExecRelay *relay);

/* Whether the guest has the service. */
gboolean pst_exec_relay_is_there(const PstSysroot *sysroot);
