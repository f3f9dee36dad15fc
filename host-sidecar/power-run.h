// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"
#include "host-sidecar/power-words.h"

/* From the command line: the guest before, the act (by the recovery door where there is one, else
 * from this process), and whether it is back. */

gboolean pst_power_run(const PstOptions *options, const char *domain, const PstPowerWish *wish,
                       PstPowerOutcome *outcome, GError **error);
