// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/exec.h"

/* A command in a guest, as the recovery door does it, or a command line alone: pure params and
 * results around the calls to the guest. */

/* The parameters of each, NULL-terminated: those that callers may give. */
extern const char *const pst_exec_act_start_params[];
extern const char *const pst_exec_act_page_params[];
extern const char *const pst_exec_act_signal_params[];
extern const char *const pst_exec_act_list_params[];
extern const char *const pst_exec_act_send_params[];

/* Whether PARAMS are well: PST_ERROR_INVALID_PARAMS. What is fed to a command that was not detached
 * has to be told as a whole beforehand, by its length and digest: so the audit has it. */
gboolean pst_exec_act_check_start(JsonObject *params, GError **error);
gboolean pst_exec_act_check_page(JsonObject *params, GError **error);
gboolean pst_exec_act_check_signal(JsonObject *params, GError **error);
gboolean pst_exec_act_check_send(JsonObject *params, GError **error);

/* Makes CAUSE, why there is no answer to a start, tell whether it may have been one: MAYBE it was,
 * which is said with how it is found out by ID, and is no PST_ERROR_PATH_SHUT; or it is certain
 * that nothing was started, and where it was the way that failed it is PST_ERROR_PATH_SHUT. */
void pst_exec_act_conclude(GError *cause, gboolean maybe, const char *id);

/* Each returns the result, which has `guest`, `via` and what the guest said, or NULL with the
 * error. PARAMS' `caller` is who asks. An error of a start is as above. */
JsonObject *pst_exec_act_start(PstGuest *guest, JsonObject *params, gint64 deadline_us,
                               GError **error);
JsonObject *pst_exec_act_page(PstGuest *guest, JsonObject *params, gint64 deadline_us,
                              GError **error);
JsonObject *pst_exec_act_signal(PstGuest *guest, JsonObject *params, gint64 deadline_us,
                                GError **error);
/* Feeds `input_b64` to a detached command, behind what it was fed before; not two at once. */
JsonObject *pst_exec_act_send(PstGuest *guest, JsonObject *params, gint64 deadline_us,
                              GError **error);
JsonObject *pst_exec_act_list(PstGuest *guest, JsonObject *params, gint64 deadline_us,
                              GError **error);
