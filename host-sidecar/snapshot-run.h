// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"
#include "host-sidecar/snapshot-words.h"

/* From the command line: looked at by libvirt, or by the recovery door where libvirt does not let
 * this caller in; done by that door where there is one, else from this process. */

PstSnapshotList *pst_snapshot_run_list(const PstOptions *options, const char *domain,
                                       GError **error);

/* What a revert to the one called NAME would lose. Changes nothing. */
PstSnapshotDone *pst_snapshot_run_preview(const PstOptions *options, const char *domain,
                                          const char *name, GError **error);

gboolean pst_snapshot_run_create(const PstOptions *options, const char *domain,
                                 const PstSnapshotWish *wish, PstSnapshotOutcome *outcome,
                                 GError **error);

/* With the guest before it, and whether it is back. */
gboolean pst_snapshot_run_revert(const PstOptions *options, const char *domain, const char *name,
                                 const char *without_forensics, PstSnapshotOutcome *outcome,
                                 GError **error);
