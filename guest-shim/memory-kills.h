// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/report-memory.h"

/* Fills in data->kills from the kernel's log: the newest 100. UPTIME_US is now on the log's clock,
 * PST_INT_UNKNOWN for not known. FALSE with an error. */
gboolean pst_memory_kills_read(const PstSysroot *sysroot, gint64 uptime_us, PstMemoryData *data,
                               GError **error);
