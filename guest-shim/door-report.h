// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/door.h"
#include "guest-shim/probe.h"

/* What the probes `file` and `list` have in common: the way through the door, with its record in
 * the journal and the findings PROBE.denied, .absent, .wrong-type, .could-not-look and
 * .not-recorded. */

/* Opens PATH for the report's probe; FALSE where a finding says why not. */
gboolean pst_door_report_open(const PstProbeContext *context, const PstDoor *door, const char *path,
                              gboolean folder, PstDoorFile *file, PstReport *report);

/* The door, or NULL with a finding that says why there is none. */
PstDoor *pst_door_report_new(const PstProbeContext *context, const char *path, PstReport *report);

char *pst_door_report_mode(const struct stat *st);
char *pst_door_report_owner(const struct stat *st);
gint64 pst_door_report_mtime(const struct stat *st);
