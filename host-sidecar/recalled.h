// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/record.h"
#include "protocol/report.h"

/* A recorded report as the answer to a question that its recorder was never asked: pure. */

/* The report that RECORD holds, where it answers a question about its probe with ARGS; owned by the
 * caller. Where it tells only a part of what was asked, its summary says so. NULL with
 * PST_ERROR_UNAVAILABLE where something else was asked, or with what is wrong with the record. */
PstReport *pst_recalled_report(const PstRecord *record, JsonObject *args, GError **error);
