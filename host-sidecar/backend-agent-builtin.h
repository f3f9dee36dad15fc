// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* The third rung: what the guest agent can tell by itself, where the shim can't be run. It knows a
 * part of `system` and of `network`; each of its reports says so with a finding of severity
 * unknown. */
extern const PstBackend pst_backend_agent_builtin;
