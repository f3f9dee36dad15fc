// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* The probe `list`: what is in this folder? */
void pst_probe_list_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
