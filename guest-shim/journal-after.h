// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/journal.h"
#include "protocol/report.h"

/* What came into the journal after an entry of it. Pure functions. */

typedef struct {
    const char *cursor; /* of that entry */
    gboolean is_there;  /* it was found in the journal */
    const char *this_boot;
    gint64 ahead_us; /* how far the real time is ahead of the monotonic one now; PST_INT_UNKNOWN */
} PstJournalAfter;

/* Takes from PAGE what is not newer. Where the clock was not set back in between the entries are in
 * the order of their times: behind the first older one all are, and the page is the last. Where it
 * was, the page stays as whole as it is, and where that is not all, REPORT gets a finding. */
void pst_journal_after_leave_out(PstJournalPage *page, const PstJournalAfter *after,
                                 PstReport *report);

/* Makes of PAGE, which was read from the entry AFTER on, oldest first, one as of QUERY: without
 * that entry, of its priorities, newest first, and of its lines. FALSE where the page does not
 * begin with the entry, is not all that came, or is not wholly readable: then it is of no use. */
gboolean pst_journal_after_take(PstJournalPage *page, const char *after,
                                const PstJournalQuery *query);
