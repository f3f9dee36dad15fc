// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/inquiry.h"
#include "protocol/call.h"
#include "protocol/message.h"

/* What the two rungs that talk to a shim have in common: an inquiry's question as the params of
 * `probe`, and the shim's answer as the inquiry's. */

/* Whether the probe takes the arguments, and they fit into a frame with what stands around them;
 * PST_ERROR_USAGE and PST_ERROR_INVALID_PARAMS. */
gboolean pst_question_check(const char *probe, JsonObject *args, GError **error);

/* CALL carries the deadline in the guest's time; its name, args and caller are filled in. */
JsonObject *pst_question_params(PstInquiry *inquiry, guint i, PstCall *call);

/* Hands the shim's answer to question I to the inquiry. What the guest refuses is final; what it
 * had no time for is not asked again, but what was recorded may still answer it; an answer that is
 * no report of this probe is a failure of this rung. */
void pst_question_settle(PstInquiry *inquiry, guint i, PstVia via, PstMessage *answer);
