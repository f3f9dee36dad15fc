// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/memory-judge.h"

/* How the judge of `memory` is divided. */

/* Who was killed. */
void pst_memory_judge_kills(const PstMemoryFacts *facts, const PstMemoryData *data,
                            PstReport *report);

/* What has reached a limit: processes, open files, a control group's memory. */
void pst_memory_judge_limits(const PstMemoryData *data, PstReport *report);
