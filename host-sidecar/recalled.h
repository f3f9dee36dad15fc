// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/record.h"
#include "protocol/report.h"

/* A recorded report as the answer to a question that its recorder was never asked: pure. */

/* The report that RECORD holds, where it answers a question about its probe with ARGS; owned by the
 * caller. Where it tells only a part of what was asked, its summary says so. NULL with
 * PST_ERROR_UNAVAILABLE where something else was asked, or with what is wrong with the record. */
PstReport *pst_recalled_report(const PstRecord *record, JsonObject *args, GError **error);

/* Whether RECORD is of a look at which its probe gave no answer: it says nothing but why. */
gboolean pst_recalled_is_silence(const PstRecord *record);

/* Adds to REPORT, of an earlier look, that at the last one, SILENCE, its probe gave no answer: so
 * it may not be so any more. */
void pst_recalled_add_silence(PstReport *report, const PstRecord *silence);

/* Adds to REPORT, of an earlier look, that what the last one told could not be read, and WHY. */
void pst_recalled_add_unread(PstReport *report, const char *why);
