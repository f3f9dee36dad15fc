// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/journal.h"

/* What a handshake that a probe begins with the guest's sshd makes others log names only the port
 * it came from. That is put on record in the journal before anything is sent, so that such lines
 * are known for the shim's own later: by another process, and after a restart as well. */

/* FD is connected. Never waits; where the journal does not take it, sshd's line stays. */
void pst_handshake_record_write(const PstSysroot *sysroot, int fd);

/* Whether any of ENTRIES, of PstJournalEntry, may be such a line: only then are records needed. */
gboolean pst_handshake_record_are_wanted(const GPtrArray *entries);

/* Whether ENTRY is a line about a handshake that one of RECORDS, of PstJournalEntry, tells of. Only
 * what the shim itself wrote counts as a record, whoever else logs the same words. */
gboolean pst_handshake_record_covers(const GPtrArray *records, const PstJournalEntry *entry);
