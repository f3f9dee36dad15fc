// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* The second rung: the shim's program, run once through the guest agent's guest-exec. */
extern const PstBackend pst_backend_agent;

/* Whether libvirt says that the agent holds its port; shared with the third rung. */
gboolean pst_backend_agent_is_open(const PstGuest *guest, GError **error);
