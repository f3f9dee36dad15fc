// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/recorder-state.h"
#include "protocol/report.h"

/* What keeps a guest's recorder from recording, as a finding: a pure function. */

/* The report of a guest that answers and is in STATE, and whose recorder does not record: NOTE says
 * so, and the way out. NULL where there is nothing to say. Owned by the caller. */
PstReport *pst_recorder_judge(const char *state, PstRecorderState recorder, const char *note);
