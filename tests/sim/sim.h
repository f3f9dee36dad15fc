// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/sweep.h"
#include "tests/sim/sim-guest.h"

/* A hypervisor's guests without a hypervisor: up to 1,000 on socket pairs, behind the same
 * interfaces as those of libvirt's, for the sweep and for whoever asks one of them. The real ones
 * are postern-shim programs; the scripted ones share one process. */

#define PST_SIM_MAX 1000

typedef struct {
    const char *shim;         /* the program postern-shim */
    guint n[PST_SIM_N_KINDS]; /* how many of each; kinds are mixed, always in the same way */
} PstSimPlan;

typedef struct PstSim PstSim;

/* Starts them; before the process has any thread. As root, the process gets a /run of its own where
 * it can, so that the turns of simulated guests are none of the host's. */
PstSim *pst_sim_new(const PstSimPlan *plan, GError **error);

/* What they used of the processors, in microseconds, with all that they ran. */
typedef struct {
    gint64 shims_us; /* from exec to exit */
    gint64 scripts_us;
} PstSimUsage;

/* Ends them and waits for it. USAGE may be NULL. Nobody must be asking any of them. */
void pst_sim_end(PstSim *sim, PstSimUsage *usage);

/* Their names, NULL-terminated; borrowed. */
char *const *pst_sim_names(const PstSim *sim);
guint pst_sim_size(const PstSim *sim);

/* Number I, in the order of the names; borrowed. */
PstGuest *pst_sim_guest(const PstSim *sim, guint i);

/* For pst_sweep_make(). */
PstSweepGuests pst_sim_sweep_guests(PstSim *sim);
