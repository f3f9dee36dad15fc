// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/memory-facts.h"

/* Adds the findings of the probe `memory`, causes first. */
void pst_memory_judge(const PstMemoryFacts *facts, const PstMemoryData *data, PstReport *report);
