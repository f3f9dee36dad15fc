// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"
#include "protocol/report-changes.h"

/* What of the changes is wrong for certain, and what is only worth knowing: a pure function. */

/* FILES: of PstChangesFile, changed ones and programs that do not agree with their record. ACCOUNTS
 * (may be NULL) tells the numbers of the owners that a record names. */
void pst_changes_judge(const GPtrArray *files, const PstAccounts *accounts, PstReport *report);

/* "0:0" for an owner as a record has it, "root:root" or "0:0"; NULL where a name is not known. Free
 * with g_free(). */
char *pst_changes_judge_owner(const PstAccounts *accounts, const char *recorded);
