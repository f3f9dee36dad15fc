// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-memory.h"

/* What the probe `memory` reads, and what could not be read. */

typedef struct {
    gint64 uptime_us; /* PST_INT_UNKNOWN for not known */
    gboolean cut;     /* there is more than was looked at */
    GError *sizes_error;
    GError *log_error; /* of the kernel's log */
    GError *processes_error;
} PstMemoryFacts;

/* Fills in DATA as far as it can be looked at. */
PstMemoryFacts *pst_memory_facts_read(const PstProbeContext *context, PstMemoryData *data);
void pst_memory_facts_free(PstMemoryFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstMemoryFacts, pst_memory_facts_free)
