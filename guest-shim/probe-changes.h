// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-changes.h"

/* The probe `changes`: what was changed? */
void pst_probe_changes_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
