// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* What went wrong, since when? One journalctl, its entries grouped and judged. */
void pst_probe_journal_run(const PstProbeContext *context, gconstpointer args, PstReport *report);
