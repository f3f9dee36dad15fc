// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate.h"

/* Asking again and again until the verdict is settled: who is asked, and by which clock, is the
 * caller's. */

typedef struct {
    PstGateVerdict *verdict; /* the last one */
    guint n_asked;
    gint64 took_us;
} PstGateRun;

void pst_gate_settle_clear(PstGateRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstGateRun, pst_gate_settle_clear)

typedef struct {
    /* Asks until then at most, which is ten seconds unless it is the last asking, and judges; NULL
     * with the error where nobody could be asked. */
    PstGateVerdict *(*ask)(gpointer asker, gint64 until_us, GError **error);
    /* Judges once more what was told last, sudo having hung in each of N askings. */
    PstGateVerdict *(*judge_hung)(gpointer asker, guint n);
    gint64 (*now)(gpointer asker);
    void (*sleep)(gpointer asker, gint64 for_us);
} PstGateAsking;

/* SETTLE_US: for how long it may be asked again; 0: once. DEADLINE_US: what all of it may take. An
 * asking that fails when there was a verdict already is asked again; where it was the last one, the
 * verdict of before is none of now. FALSE with the error where there is no verdict. */
gboolean pst_gate_settle(const PstGateAsking *asking, gpointer asker, gint64 settle_us,
                         gint64 deadline_us, PstGateRun *run, GError **error);
