// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/mark.h"
#include "host-sidecar/options.h"
#include "host-sidecar/power-verdict.h"

/* What a guest tells of itself before its power is used, and whether it is back afterwards, no
 * worse than before. */

typedef struct {
    PstMark *mark; /* NULL: the guest did not tell which boot it is in */
    char **failed; /* its failed units; NULL: not known */
} PstPowerSight;

void pst_power_proof_clear(PstPowerSight *sight);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstPowerSight, pst_power_proof_clear)

/* Asks the guest, for so long at most; what it does not tell is not known. METHOD is the verb, for
 * the audit. */
void pst_power_proof_take(const PstOptions *options, const char *method, const char *domain,
                          gint64 deadline_us, PstPowerSight *sight);

/* Waits, until the deadline that the options name, for the boot that follows the one of BEFORE.
 * NULL where neither libvirt nor a daemon can be asked. */
PstPowerProof *pst_power_proof_make(const PstOptions *options, const char *method,
                                    const char *domain, const PstPowerSight *before,
                                    GError **error);
