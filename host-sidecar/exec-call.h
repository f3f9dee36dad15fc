// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/exec.h"

/* What is asked of a guest about a command, over its channel. Each call is a conversation of its
 * own, so that others get their turn in between. Blocks. */

/* How long an answer of the guest's may be waited for: others want to talk to it, too. */
#define PST_EXEC_CALL_WAIT_MS 200

/* Starts a command, at most once: where its answer is lost it is asked for again by its id, until
 * DEADLINE_US. Fills in START's boot id and deadline. *MAYBE is set where it may have been started
 * although there is an error. Errors that leave no doubt: PST_ERROR_NOT_ALLOWED (by the guest's
 * policy), PST_ERROR_UNAVAILABLE (the guest runs no commands), PST_ERROR_PATH_SHUT, and others. */
PstExecPage *pst_exec_call_start(PstGuest *guest, PstExecStart *start, gint64 deadline_us,
                                 gboolean *maybe, GError **error);

/* How the command is, and what came of it since; to be asked as often as one likes. */
PstExecPage *pst_exec_call_page(PstGuest *guest, const PstExecAsk *wish, gint64 deadline_us,
                                GError **error);

/* A page of ID in RESULT, by whichever way it came; PST_ERROR_PROTOCOL where there is none. */
PstExecPage *pst_exec_call_read(JsonObject *result, const char *id, GError **error);

/* The results of exec.signal and exec.list. */
JsonObject *pst_exec_call_signal(PstGuest *guest, const PstExecSignal *wish, gint64 deadline_us,
                                 GError **error);
JsonObject *pst_exec_call_list(PstGuest *guest, gint64 deadline_us, GError **error);
