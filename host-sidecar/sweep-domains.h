// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/sweep.h"

/* The domains of a hypervisor, for a sweep: by name, UUID or number. Borrows HYPERVISOR. */
PstSweepGuests pst_sweep_domains(PstHypervisor *hypervisor);
