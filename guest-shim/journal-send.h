// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Hands a record in journald's native form to the guest's journal. Never waits: FALSE where it is
 * not taken at once. */
gboolean pst_journal_send(const PstSysroot *sysroot, const GString *record);
