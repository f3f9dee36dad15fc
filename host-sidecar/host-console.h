// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/report-host.h"

/* The end of the log of a guest's console, PATH on its hypervisor, read through the storage pool
 * that holds the file. NULL with PST_ERROR_PATH_SHUT where no pool does. Takes until DEADLINE_US at
 * most. */
PstHostConsole *pst_host_console_read(PstGuest *guest, const char *path, gint64 deadline_us,
                                      GError **error);
