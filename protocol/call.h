// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/message.h"

/* The params of the method `probe`. */

typedef struct {
    const char *name;   /* of the probe */
    JsonObject *args;   /* may be NULL */
    const char *caller; /* who asks, as the host names it; may be NULL */
    /* The moment after which it must not be run, and at which it is killed: on the guest's
     * CLOCK_BOOTTIME, or, for a call that had no hello, on its CLOCK_REALTIME; in microseconds.
     * Exactly one of them is above 0. */
    gint64 not_after_us;
    gint64 not_after_realtime_us;
} PstCall;

JsonObject *pst_call_params(const PstCall *call);

/* Checks the params; FALSE with PST_ERROR_INVALID_PARAMS. The call borrows from PARAMS. */
gboolean pst_call_read(JsonObject *params, PstCall *call, GError **error);
