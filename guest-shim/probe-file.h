// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* The probe `file`: what is in this file? */
void pst_probe_file_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
