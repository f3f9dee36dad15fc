// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/units.h"
#include "protocol/report-services.h"

/* The report of the probe `services` as lists of systemd's fill it. Looks at nothing else. */

/* Tells which of UNITS, a list of PstUnit of services that run, are starting, or have ended and are
 * active still, do so. Returns the names of the former two, a NULL-terminated array of borrowed
 * strings; free with g_ptr_array_unref(). */
GPtrArray *pst_services_rows_tell_active(PstServicesData *data, const GPtrArray *units);

/* Tells which of UNITS, a list of PstUnitDetails, became active lately. NOW: CLOCK_MONOTONIC in
 * microseconds. */
void pst_services_rows_tell_started(PstServicesData *data, const GPtrArray *units, gint64 now);

/* The unit was asked for by this name, perhaps besides others. NULL: it was not. */
void pst_services_rows_add_asked(PstServicesUnit *unit, const char *asked_as);
