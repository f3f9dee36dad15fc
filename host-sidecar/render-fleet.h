// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/fleet.h"

/* The health of many hypervisors for people and programs, as render-health.h has that of one. */

/* The counts, then the hosts without a verdict, then each other one's own sweep below its name. */
char *pst_render_fleet(const PstFleet *fleet, gboolean changes);

char *pst_render_fleet_json(const PstFleet *fleet, gboolean changes);

/* One line as monitoring plugins print it. */
char *pst_render_fleet_plugin(const PstFleet *fleet);
