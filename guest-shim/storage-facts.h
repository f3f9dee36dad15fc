// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/fstab.h"
#include "guest-shim/mount-ask.h"
#include "guest-shim/mount-table.h"
#include "guest-shim/probe.h"
#include "protocol/report-storage.h"

/* What the probe `storage` reads, and what it was that it read. */

/* One row of data->mounts, with what it came from. */
typedef struct {
    const PstMount *mount;
    const PstFstabEntry *entry; /* NULL for none */
    PstStorageMount *told;
    PstMountAsk ask;
    PstFstabMeant meant;
    char *block_name; /* of its device, as vda1; NULL for none */
    gboolean device_read_only;
    gboolean repeated; /* an earlier row is of the same file system */
} PstStorageRow;

typedef struct {
    GPtrArray *mounts;  /* of PstMount, all of them; NULL with mounts_error */
    GPtrArray *entries; /* of PstFstabEntry; NULL where there is none or with fstab_error */
    GArray *rows;       /* of PstStorageRow */
    GPtrArray *missing; /* of PstFstabEntry, borrowed: one for each of data->unmounted */
    GError *mounts_error;
    GError *fstab_error;
    GError *frozen_error; /* who waits for a frozen one could not be looked at */
    gint64 uptime_s;
    gboolean cut;      /* more mounts than rows */
    gboolean starting; /* file systems may still be on their way */
} PstStorageFacts;

/* Fills in DATA as far as it can be looked at. */
PstStorageFacts *pst_storage_facts_read(const PstProbeContext *context, PstStorageData *data);
void pst_storage_facts_free(PstStorageFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstStorageFacts, pst_storage_facts_free)

/* Whether a mount's file system holds files: it is none of the kernel's own, and no read-only image
 * of the likes of snaps and installation media. */
gboolean pst_storage_facts_holds_files(const PstMount *mount);
