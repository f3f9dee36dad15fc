// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/storage-facts.h"

/* Adds the findings of the probe `storage`, causes first. */
void pst_storage_judge(const PstStorageFacts *facts, const PstStorageData *data, PstReport *report);

/* Whether MOUNT has no room left: less than a thousandth of it, and less than 16 MiB, for those who
 * are not root. */
gboolean pst_storage_judge_is_full(const PstStorageMount *mount);
