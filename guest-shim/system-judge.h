// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/system-facts.h"
#include "protocol/report.h"

/* The verdict of the probe `system`: what was seen, as findings. It looks at nothing else.
 * MANAGER_ERROR says why systemd did not answer, NULL where it did or was not asked. */
void pst_system_judge(const PstSystemData *data, const PstSystemFacts *facts,
                      const GError *manager_error, PstReport *report);
