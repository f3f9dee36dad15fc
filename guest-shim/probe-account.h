// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-account.h"

/* The probe `account`: may this user log in at all? */
void pst_probe_account_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
