// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/config.h"
#include "guest-shim/probe.h"
#include "protocol/report-checks.h"

/* The probe `checks`: what do the site's own checks say? The host can name a check, and never say
 * what it runs. */
void pst_probe_checks_run(const PstProbeContext *context, gconstpointer args, PstReport *report);

/* The same with a configuration that was read already. ASKED may be NULL. */
void pst_probe_checks_run_configured(const PstProbeContext *context, PstConfig *config,
                                     const PstChecksArgs *asked, PstReport *report);
