// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-changes.h"

/* What the changed files mean for systemd's units: systemctl enable and mask are links
 * (systemctl(1), systemd.unit(5)). A link that was taken away leaves only a folder that changed. */

/* Fills data->units from data->files, in their order: a pure function. */
void pst_changes_units_derive(PstChangesData *data);
