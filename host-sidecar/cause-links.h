// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/finding.h"

/* What no probe can know alone: which finding of one probe follows from which finding of another.
 * A new link is a row; what the two must have in common is a function beside it. */

typedef struct {
    const char *symptom; /* ids */
    const char *cause;
    gboolean (*match)(const PstFinding *symptom, const PstFinding *cause);
} PstCauseLink;

/* Of several rows for one symptom the first holds whose cause is there and matches. */
extern const PstCauseLink pst_cause_links[];
extern const guint pst_cause_links_n;
