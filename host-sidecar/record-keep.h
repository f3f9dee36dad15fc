// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/record-set.h"

/* Which records are kept where there is no room for all of them: pure functions.
 *
 * What is too much is taken from the class that has most, its oldest first, so that a flood of one
 * kind pushes out its own kind: boots and shutdowns are a class, the reports of each probe are,
 * each kind of event is, and all that has a name which is not known here is one. The newest record,
 * and the newest report of each probe that no revert has undone, about nobody and about each of the
 * newest users, go last. */

/* Those to be kept whose weights (protocol/record.h) are no more than MAX_WEIGHT, borrowed and in
 * order; no stubs. */
GPtrArray *pst_record_keep_in(const GPtrArray *records, gsize max_weight);

/* Makes stubs of all others. */
void pst_record_keep_thin(GPtrArray *records, gsize max_weight);
