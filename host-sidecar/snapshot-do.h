// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/snapshot-judge.h"

/* Snapshots by libvirt's calls, each on a connection of its own, which can be left behind. */

/* Looks: changes nothing. NULL with the error of libvirt's, or PST_ERROR_DEADLINE. */
PstSnapshotList *pst_snapshot_do_list(PstGuest *guest, gint64 deadline_us, GError **error);

/* What a revert to the one called NAME would lose: as it would be told afterwards, without what is
 * known only then. Changes nothing. NULL also where it can't be reverted to. */
PstSnapshotDone *pst_snapshot_do_preview(PstGuest *guest, const char *name, gint64 deadline_us,
                                         GError **error);

/* Makes one. NULL with PST_ERROR_PATH_SHUT where libvirt refused, and then with what is known to
 * keep it from it; PST_ERROR_DEADLINE where it is not known what came of it, and it may yet be
 * made.
 */
PstSnapshotDone *pst_snapshot_do_create(PstGuest *guest, const PstSnapshotWish *wish,
                                        gint64 deadline_us, GError **error);

/* Reverts to the one called NAME; errors as above. While one is not over of which that is not
 * known, there is no second: PST_ERROR_BUSY. */
PstSnapshotDone *pst_snapshot_do_revert(PstGuest *guest, const char *name, gint64 deadline_us,
                                        GError **error);
