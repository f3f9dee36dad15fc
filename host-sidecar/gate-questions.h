// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate.h"

/* The probes by which a rule is judged; free with g_strfreev(). */
char **pst_gate_questions_probes(const PstPolicyRule *rule);
