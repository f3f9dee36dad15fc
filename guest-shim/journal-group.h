// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/journal.h"
#include "protocol/report-journal.h"

/* Entries by what they say: those of one writer that differ only in numbers are one group. */

/* The groups of ENTRIES (newest first), the most urgent first and of these the largest: at most MAX
 * of PstJournalGroup. NULL for no entries. *cut is set where there were more. */
GPtrArray *pst_journal_group(const GPtrArray *entries, guint max, gboolean *cut);
