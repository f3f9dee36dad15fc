// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-services.h"

/* The unit of this name in the report; NULL for none. Borrowed. */
PstServicesUnit *pst_services_lines_find(const PstServicesData *data, const char *name);

/* Gives each unit of the report that is in NAMES its last journal lines of this boot, newest first,
 * at most 20: all in one journalctl, and again for those of which a talkative one left no line.
 * NAMES loses elements. Where the journal could not be read a finding says so. */
void pst_services_lines_read(const PstProbeContext *context, GPtrArray *names, PstReport *report);
