// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/storage-facts.h"

/* What takes up a full file system: files that are deleted and still open, and the largest that a
 * short search finds. Both are hints; neither is complete. */

/* Fills in data->deleted and data->largest for the file system of ROW. Takes about a second each at
 * most, and does not enter what is mounted below. */
void pst_storage_eaters_find(const PstProbeContext *context, const PstStorageFacts *facts,
                             const PstStorageRow *row, PstStorageData *data);
