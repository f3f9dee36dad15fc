// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-containers.h"

/* The probe `containers`: is what runs in containers up? */
void pst_probe_containers_run(const PstProbeContext *context, gconstpointer args,
                              PstReport *report);
