// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* Whether a guest is back after its power was used, no worse than before. Pure functions. */

typedef enum {
    PST_POWER_BACK,     /* its default target is reached, and no unit failed that had not before */
    PST_POWER_WORSE,    /* units are failed that were not */
    PST_POWER_NOT_BACK, /* its default target was not reached in time */
    PST_POWER_GONE,     /* it will not come by itself */
    PST_POWER_UNTOLD,   /* it is back, and which of its units failed is not known */
} PstPowerVerdict;

typedef struct {
    int verdict;       /* PstPowerVerdict */
    char *seen;        /* what the guest, or libvirt, said last */
    gint64 waited_ms;  /* since the act */
    char *boot_before; /* boot ids; NULL: not told */
    char *boot_after;
    char **new_failed; /* units that are failed and were not */
    gint64 n_failed;   /* how many were before; PST_INT_UNKNOWN */
} PstPowerProof;

extern const PstFields pst_power_proof_fields;

void pst_power_verdict_free(PstPowerProof *proof);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPowerProof, pst_power_verdict_free)

/* The failed units that a report of the probe `services` tells, freed with g_strfreev(); NULL where
 * it could not look at everything. */
char **pst_power_verdict_failed(const PstReport *report);

/* The verdict on a guest that is back: by its failed units, NULL where they are not known, before
 * and after. What is failed of a guest that did not tell before is told, and is no verdict. */
void pst_power_verdict_compare(PstPowerProof *proof, const char *const *before,
                               const char *const *after);
