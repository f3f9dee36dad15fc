// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/volume-records.h"

/* A guest's volume: what its recorder wrote, in the storage pool `postern` of its hypervisor. One
 * file named by the domain's UUID, and the parts that virtlogd rolled it to; read through libvirt
 * alone, so that it works without privileges and from elsewhere. A guest decides what is in it, and
 * libvirt looks at the head of every file in a pool for a disk's format: nothing that the pool says
 * of a volume is believed but its name and when it was written.
 *
 * Errors: PST_ERROR_PATH_SHUT where there is no pool, no volume, or libvirt can't read it. */

#define PST_VOLUME_POOL "postern"
#define PST_VOLUME_SUFFIX ".records"
/* As virtlogd keeps them (max_backups of virtlogd.conf), and the one that is written to. */
#define PST_VOLUME_MAX_PARTS 4

/* Reads all of it, and keeps the newest records of 2 MiB; the counters are of all. A part of more
 * than 64 MiB is an error. Blocks: only inside of tasks. */
PstVolumeRecords *pst_volume_read(const PstGuest *guest, GError **error);

/* The same, with a deadline around it: PST_ERROR_DEADLINE. */
PstVolumeRecords *pst_volume_read_until(PstGuest *guest, gint64 deadline_us, GError **error);
