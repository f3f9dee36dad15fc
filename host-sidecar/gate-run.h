// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate.h"
#include "host-sidecar/options.h"

/* The asking behind `gate`: once, or again and again until the verdict is settled. */

typedef struct {
    PstGateVerdict *verdict; /* the last one */
    guint n_asked;
    gint64 took_us;
} PstGateRun;

void pst_gate_run_clear(PstGateRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstGateRun, pst_gate_run_clear)

/* ONE without answers, host and time, which are filled in for each verdict. METHOD is the verb.
 * SETTLE_US: for how long it may be asked again; 0: once. FALSE with the error where there is no
 * verdict. */
gboolean pst_gate_run(const PstOptions *options, const char *method, const char *domain,
                      const PstGateCase *one, gint64 settle_us, PstGateRun *run, GError **error);
