// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/store.h"
#include "host-sidecar/volume-pool.h"
#include "host-sidecar/volume-records.h"

/* What a guest's recorder wrote: its volume, read through libvirt alone, so that it works without
 * privileges and from elsewhere, together with what the store has kept of it. Whoever reads it
 * harvests it into the store.
 *
 * Errors: PST_ERROR_PATH_SHUT or PST_ERROR_NO_PERMISSION where there is no pool, no volume, or
 * libvirt can't read it, and nothing is kept; PST_ERROR_NO_HYPERVISOR. */

/* Reads all of it; of a volume with more than 2 MiB of records those are told that record-keep.h
 * chooses, the counters are of all. A part of more than 64 MiB is an error. Blocks: only inside of
 * tasks. */
PstVolumeRecords *pst_volume_read(const PstGuest *guest, GError **error);

/* The same, with a deadline around it: PST_ERROR_DEADLINE. */
PstVolumeRecords *pst_volume_read_until(PstGuest *guest, gint64 deadline_us, GError **error);

/* What a domain that is no more has left. */
PstVolumeRecords *pst_volume_read_uuid(const PstHypervisor *hypervisor, const char *uuid,
                                       GError **error);

/* In passing: reads the volume only where it was written to since the last harvest. Nothing is
 * said where it fails. */
void pst_volume_harvest_until(PstGuest *guest, gint64 deadline_us);

/* The store of the connection's hypervisor, as the configuration says; *KEEP_US, which may be NULL,
 * is how long what no domain has any more is kept. */
PstStore *pst_volume_open_store(virConnectPtr connection, gint64 *keep_us, GError **error);
