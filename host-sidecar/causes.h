// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/dating.h"

/* Cause before symptom, over all answers of a diagnosis: a pure function.
 *
 * A finding names the one that it follows from where its own probe knows it (`caused_by`). What no
 * probe can know alone, because the cause is another probe's, stands in the table of cause-links.c.
 */

/* One finding above information. All that it points to is borrowed from the answers. */
typedef struct {
    const PstAnswer *answer;
    const PstFinding *finding;
    const PstFinding
        *cause;             /* NULL for a root cause, or where the cause is not among the answers */
    const PstFinding *root; /* the end of the chain; FINDING itself for a root cause */
    int urgency;            /* the highest severity of its root and of all that follows from it */
    PstDating dating;       /* since when what it names is so */
} PstCause;

/* All findings above information in the order in which they are to be told and mended: what the
 * host sees of a guest that does not answer, then the root causes by urgency, with what follows
 * from each right behind it. Of PstCause; free with g_array_unref(). */
GArray *pst_causes_order(PstAnswer *const *answers, guint n);

/* The root causes as JSON: an array of objects with the probe, the finding, the ids of what follows
 * from it, and since when it is so. */
JsonArray *pst_causes_to_json(const GArray *causes);
