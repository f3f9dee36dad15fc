// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-access.h"

/* The lockout matrix: by which ways can a user get in and become root, and what shuts the others?
 * A pure function of the typed reports of other probes. A way is shut where one of its steps is,
 * open where all are, else unknown. What no report tells stays unknown. */

/* The probes whose reports it reads, NULL-terminated. */
extern const char *const pst_access_probes[];

/* The report `access`; VANTAGE as pst_vantage_read() gives it. Without a user in it there are no
 * ways and no findings. */
PstReport *pst_access_derive(PstAnswer *const *answers, guint n, JsonObject *vantage);

/* The same as an answer, by the least of the paths that the others came by, and as old as the
 * oldest of them. Where none of them has a report it has none either, but an error. */
PstAnswer *pst_access_answer(PstAnswer *const *answers, guint n, JsonObject *vantage);

/* Of an open way: for whom it may be otherwise, borrowed. NULL for nobody, and of one that is not
 * open, or of none. */
const char *pst_access_note(const PstAccessWay *way);
