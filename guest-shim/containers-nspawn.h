// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-containers.h"

/* Containers of systemd-nspawn(1): those that systemd-machined has registered, from its files of
 * state in /run/systemd/machines, and those whose unit is enabled and that are not among them. */
void pst_containers_nspawn_read(const PstProbeContext *context, PstReport *report);
