// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/power.h"

/* The button itself. Every step ends when libvirt tells of what it brought about, not when it was
 * asked for; a step that hangs is left behind at the end of its time, and the next is taken. */

/* Does it. GRACEFUL: the guest's agent is asked first, then its ACPI button is pressed, each for a
 * half of the time until the deadline but for what force needs, and only then is it done by force.
 * NULL with PST_ERROR_BUSY, and nothing changed, where there was nothing to do by the state that
 * GUEST was opened in and there is now; PST_ERROR_PATH_SHUT where libvirt refused,
 * PST_ERROR_DEADLINE where it is not known what came of it. Blocks until the deadline at most. */
PstPowerDone *pst_power_do(PstGuest *guest, PstPowerAction action, gboolean graceful,
                           gint64 deadline_us, GError **error);
