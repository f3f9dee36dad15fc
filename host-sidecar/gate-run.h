// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate-settle.h"
#include "host-sidecar/options.h"

/* The asking behind `gate`: once, or again and again until the verdict is settled. */

/* ONE without answers, host and time, which are filled in for each verdict. METHOD is the verb.
 * SETTLE_US, and what becomes of an error, as of pst_gate_settle(). */
gboolean pst_gate_run(const PstOptions *options, const char *method, const char *domain,
                      const PstGateCase *one, gint64 settle_us, PstGateRun *run, GError **error);
