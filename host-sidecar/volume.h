// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/store.h"
#include "host-sidecar/volume-pool.h"
#include "host-sidecar/volume-records.h"

/* What a guest's recorder wrote: its volume, read through libvirt alone, so that it works without
 * privileges and from elsewhere, together with what the store has kept of it. Whoever reads it
 * harvests it into the store. One reading serves all who want it of the same PstGuest, who come
 * while it is made or later (volume-share.h); how it failed, too.
 *
 * Errors: PST_ERROR_PATH_SHUT or PST_ERROR_NO_PERMISSION where there is no pool, no volume, or
 * libvirt can't read it, and nothing is kept; PST_ERROR_NO_HYPERVISOR. */

/* All of it, as it was at SINCE_US of the monotonic clock or later; of a volume with more than 2
 * MiB of records those are told that record-keep.h chooses, the counters are of all. Of a part of
 * more than 64 MiB its tail. Blocks: only inside of tasks. */
PstVolumeRecords *pst_volume_read(const PstGuest *guest, gint64 since_us, GError **error);

/* As any reading of this PstGuest has it, with a deadline around it: PST_ERROR_DEADLINE. */
PstVolumeRecords *pst_volume_read_until(PstGuest *guest, gint64 deadline_us, GError **error);

/* In passing: what was read of this PstGuest is harvested; else the volume is read only where it
 * was written to since the last harvest. FALSE where it could not be read, or not be kept:
 * PST_ERROR_UNAVAILABLE, PST_ERROR_USAGE (a configuration that says nothing), PST_ERROR_DEADLINE.
 */
gboolean pst_volume_harvest_until(PstGuest *guest, gint64 deadline_us, GError **error);

/* Whether there can be any: the domain has a recorder, or had one and something was kept of it, or
 * is off, where nothing else is left to ask. */
gboolean pst_volume_may_tell(const PstGuest *guest);

/* When the newest record that is kept of this guest was written, the host's real time; 0 where none
 * is. FALSE where the store could not tell. */
gboolean pst_volume_newest_until(PstGuest *guest, gint64 deadline_us, gint64 *newest_us);

/* The store of the connection's hypervisor, as the configuration says; *KEEP_US, which may be NULL,
 * is how long what no domain has any more is kept. */
PstStore *pst_volume_open_store(virConnectPtr connection, gint64 *keep_us, GError **error);
