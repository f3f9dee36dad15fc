// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/options.h"

/* The command's way to the recovery door. */

typedef enum {
    PST_ASK_RECOVER_NONE,   /* there is no door: this process is to do it */
    PST_ASK_RECOVER_SHUT,   /* the same, and there is one that does not let this caller in */
    PST_ASK_RECOVER_DONE,   /* by the door */
    PST_ASK_RECOVER_FAILED, /* with the error; nobody else may do it again */
} PstAskRecover;

/* METHOD with PARAMS, to which the deadline is added. *RESULT becomes the caller's. What was asked
 * for is never asked again, also where the door is lost in the middle of it. */
PstAskRecover pst_ask_recover(const PstOptions *options, const char *method, JsonObject *params,
                              gint64 deadline_us, JsonObject **result, GError **error);

/* The CAUSE, which is taken over, why a caller whom the door does not let in could not do it alone
 * either: with a word on the door. */
GError *pst_ask_recover_explain(GError *cause);
