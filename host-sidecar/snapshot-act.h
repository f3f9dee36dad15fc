// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/guest.h"
#include "host-sidecar/snapshot.h"

/* Making a snapshot of a guest, and reverting to one: its evidence, sealed, and then the revert.
 * The same by the recovery door, by who needs none, and by what does it as a part of more. */

#define PST_SNAPSHOT_REVERT_METHOD "revert"

/* With less than so many seconds nothing is begun. */
#define PST_SNAPSHOT_MIN_SECONDS 10

/* The result, in members `guest` and `snapshot` (a PstSnapshotDone). NULL where libvirt refused,
 * and as pst_snapshot_do_create(). */
JsonObject *pst_snapshot_act_create(PstGuest *guest, const PstSnapshotWish *wish,
                                    gint64 deadline_us, GError **error);

/* The result as above, with `bundle` (path, sha256, status) where evidence was kept, which is so
 * unless WITHOUT_FORENSICS says why not. NULL where nothing was changed, since there is no such
 * snapshot, libvirt can't revert to it or refused, or the evidence could not be sealed
 * (PST_ERROR_OUTPUT), and as pst_snapshot_do_revert(). */
JsonObject *pst_snapshot_act_revert(PstGuest *guest, const char *name,
                                    const char *without_forensics, gint64 deadline_us,
                                    GError **error);
