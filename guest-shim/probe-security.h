// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-security.h"

/* The probe `security`: what hardening is on? */
void pst_probe_security_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
