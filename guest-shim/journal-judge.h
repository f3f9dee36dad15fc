// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/daemon-state.h"
#include "guest-shim/journal.h"
#include "protocol/report.h"

/* The verdict of the probe `journal`: what was read, as findings. It looks at nothing else. */

/* The state of journald itself. */
void pst_journal_judge_daemon(PstDaemonState state, PstReport *report);

/* What journalctl said beside its entries: a damaged file, no file at all, no such boot. */
void pst_journal_judge_reading(const PstJournalPage *page, PstReport *report);

/* Whether the entry of CURSOR is there, by a page that was to begin with it, all of whose kinds
 * were asked for: unknown where nothing is that old, or where not all could be read. */
PstTri pst_journal_judge_is_there(const PstJournalPage *page, const char *cursor);

/* What of AFTER, a cursor whose page that is, is to be said where its entry is not there. THIS_BOOT
 * is the one that runs. */
void pst_journal_judge_gone(const PstJournalPage *page, const char *after, const char *this_boot,
                            PstReport *report);

/* What the entries tell: the known troubles one by one, then the rest by urgency. */
void pst_journal_judge_entries(const GPtrArray *entries, PstReport *report);

/* Whether an entry is there only because somebody asked through postern: the shim's own lines, and
 * the guest agent's about running the shim, by journald's word and not by the entry's own. */
gboolean pst_journal_judge_is_own(const PstJournalEntry *entry);
