// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-pam.h"

/* The probe `pam`: which PAM stacks are sound? */
void pst_probe_pam_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
