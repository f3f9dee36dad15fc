// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/storage-judge.h"

/* How the judge of `storage` is divided: one function for each thing that can be wrong with a
 * mount, in the order in which one follows from the other. */

/* Has somebody frozen it? NOW_US is since 1970 UTC. */
void pst_storage_judge_frozen(const PstStorageData *data, gint64 now_us, PstReport *report);

/* Is it there, does it answer, may it be written? */
void pst_storage_judge_state(const PstStorageFacts *facts, const PstStorageRow *row,
                             PstReport *report);

/* Is there room? */
void pst_storage_judge_room(const PstStorageRow *row, const PstStorageData *data,
                            PstReport *report);

/* Whether logging in or the system itself needs the folder. */
gboolean pst_storage_judge_is_vital(const char *folder);
