// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"

/* What is asked of a guest about a command, by its agent's guest-exec of `postern-exec --once`: for
 * when the channel is shut. Only where the host's configuration allows it. Blocks. */

/* Whether [exec] agent=yes stands there. */
gboolean pst_exec_agent_is_allowed(void);

/* METHOD with PARAMS, tried once. NULL with the error; *MAYBE is set where the guest may have had
 * it all the same. */
JsonObject *pst_exec_agent_ask(PstGuest *guest, const char *method, JsonObject *params,
                               gint64 deadline_us, gboolean *maybe, GError **error);
