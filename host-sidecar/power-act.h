// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/power.h"

/* The whole of an act on a guest's power: its evidence, sealed, and then the button. The same by
 * the recovery door and by who needs none. */

/* With less than so many seconds nothing is begun. */
#define PST_POWER_MIN_SECONDS 10

/* The result, in members `guest`, `power` (a PstPowerDone) and, where there is one, `bundle` (path,
 * sha256, status). NULL where nothing was changed, since the evidence could not be sealed
 * (PST_ERROR_OUTPUT) or the state does not allow it, and as pst_power_do(). */
JsonObject *pst_power_act(PstGuest *guest, const PstPowerWish *wish, gint64 deadline_us,
                          GError **error);
