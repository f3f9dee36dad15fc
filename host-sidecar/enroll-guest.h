// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll-agent.h"
#include "host-sidecar/enroll.h"

/* What a guest's agent tells of it for enrolling. Blocks. */

/* Fills *GUEST, which is empty. What can't be had is not known; what keeps the agent from doing its
 * part stands in its `…_problem`s. Where CONFIGURATION, it looks at /etc/postern/shim.conf too. */
void pst_enroll_guest_look(const PstEnrollAgent *agent, gboolean configuration,
                           PstEnrollGuest *guest);

/* The state of the unit alone: `loaded`, `active` and `enabled`, anew. */
gboolean pst_enroll_guest_look_unit(const PstEnrollAgent *agent, PstEnrollGuest *guest,
                                    GError **error);

/* Which packages a system takes that calls itself so in its os-release: TEXT is of that file.
 * *SYSTEM becomes its ID, or NULL; freed with g_free(). */
PstEnrollPackageKind pst_enroll_guest_kind(const char *text, char **system);
