// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/exec.h"

/* Records in the guest's journal of each command that somebody on the host wanted to run: who, as
 * the host names him, what, and what came of it. */

/* journalctl MESSAGE_ID=… */
#define PST_EXEC_AUDIT_MESSAGE_ID "5d0f6c1b7e8a4c0f9b1e2a63d4c7f518"

/* WHAT is what came of it, in words: "begins", "was refused: …", "exited with 0". Never waits: a
 * journal that does not take it at once is passed over for the kernel's log. A command is run also
 * where neither takes it, since the host has recorded it, and the journal may be what is broken. */
void pst_exec_audit_write(const PstSysroot *sysroot, const PstExecStart *start, const char *what);
