// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/units.h"
#include "protocol/report-services.h"

/* The verdict of the probe `services` on one unit. It looks at nothing but what it is given. */

typedef struct {
    const PstUnitDetails *details;
    const PstServicesUnit *unit; /* the same unit as the report has it, with its journal lines */
    gboolean asked;
    gboolean restarting; /* again and again, as pst_services_judge_restarts() said */
    gboolean wanted;     /* a target that is started at boot wants it */
    gboolean on_demand;  /* something that triggers it waits for work */
} PstServicesCase;

/* Units without which nobody gets in or is heard, NULL-terminated; those on which others of them
 * lean come first. */
extern const char *const pst_services_judge_control_plane[];

/* Whether a unit with these details is restarted again and again: NOW is CLOCK_MONOTONIC in
 * microseconds. */
gboolean pst_services_judge_restarts(const PstUnitDetails *details, gint64 now);

/* Adds what is wrong with it to the report, if anything is. */
void pst_services_judge(const PstServicesCase *unit, PstReport *report);

/* The line that says most about why a unit failed: of the newest ones that are not systemd's own
 * routine. Borrowed; NULL for none. */
const char *pst_services_judge_telling_line(const PstServicesUnit *unit);
