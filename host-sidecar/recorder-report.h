// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "host-sidecar/recorder-check.h"

/* What a verb that asks a guest says of its recorder: one that records nothing tells nobody, and
 * while the guest answers is the time to mend it. */

/* Whether it is to be looked at: the domain has one, and its shim has answered. */
gboolean pst_recorder_report_is_due(const PstGuest *guest, PstAnswer *const *answers, guint n);

/* A report of kind `host` with the finding, or NULL where all is well or could not be told before
 * the deadline. Owned by the caller. */
PstReport *pst_recorder_report_make(PstGuest *guest, gint64 deadline_us);
