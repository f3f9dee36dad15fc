// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/ask-recover.h"
#include "host-sidecar/guest.h"

/* What is done to a guest from the command line: by the recovery door where there is one, else from
 * this process, with the same records in the audit. */

typedef struct {
    const char *method; /* the door's, the verb and the audit's name of it, all the same */
    JsonObject *params; /* as the door takes them, without `domain` and `deadline_ms` */
    /* Does it in this process. NULL with the error. */
    JsonObject *(*run)(PstGuest *guest, gconstpointer wish, gint64 deadline_us, GError **error);
    gconstpointer wish;
} PstAskActWish;

/* The result, whoever did it; NULL with the error. It is done once at most. While this process does
 * it no signal ends it. */
JsonObject *pst_ask_act(const PstOptions *options, const char *domain, const PstAskActWish *wish,
                        gint64 deadline_us, GError **error);
