// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Adds a field of any bytes, up to the first NUL, to a record. */
void pst_journal_send_field(GString *record, const char *name, const char *value);

/* Hands a record in journald's native form to the guest's journal. Never waits: FALSE where it is
 * not taken at once. */
gboolean pst_journal_send(const PstSysroot *sysroot, const GString *record);

/* For what the journal does not take: a line in the kernel's log, cut where it is too long. */
gboolean pst_journal_send_to_kernel(const PstSysroot *sysroot, const char *message);
