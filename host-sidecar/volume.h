// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/record-reader.h"

/* A guest's volume: what its recorder wrote, in the storage pool `postern` of its hypervisor. One
 * file named by the domain's UUID, and the parts that virtlogd rolled it to; read through libvirt
 * alone, so that it works without privileges and from elsewhere. A guest decides what is in it, and
 * libvirt looks at the head of every file in a pool for a disk's format: nothing that the pool says
 * of a volume is believed but its name, its size and when it was written. Blocks: only inside of
 * tasks.
 *
 * Errors: PST_ERROR_PATH_SHUT where there is no pool, no volume, or libvirt can't read it. */

#define PST_VOLUME_POOL "postern"
#define PST_VOLUME_SUFFIX ".records"
/* As virtlogd keeps them (max_backups of virtlogd.conf), and the one that is written to. */
#define PST_VOLUME_MAX_PARTS 4

typedef struct PstVolume PstVolume;

PstVolume *pst_volume_open(const PstGuest *guest, GError **error);
void pst_volume_free(PstVolume *volume);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstVolume, pst_volume_free)

/* How many parts there are, and when the newest was written to: the host's real time in
 * microseconds, of which the guest's newest record is. */
guint pst_volume_parts(const PstVolume *volume);
gint64 pst_volume_written_us(const PstVolume *volume);

/* Reads the newest N parts, oldest first, as one stream, of each at most 8 MiB. Returns what was in
 * them: a list of PstRecord in file order, to be freed with g_ptr_array_unref(). */
GPtrArray *pst_volume_read(PstVolume *volume, guint n, PstRecordCounters *counters, GError **error);
