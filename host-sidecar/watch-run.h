// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/options.h"
#include "host-sidecar/watch-print.h"

/* Watches DOMAINS (names and UUIDs; NULL: all) until as many events are printed as may be, or the
 * deadline of the options: by the daemon where there is one, and else in this process. A daemon
 * that goes away is waited for, and what was not heard meanwhile is said. FALSE where it could not
 * be begun, or nothing can be printed. */
gboolean pst_watch_run(const PstOptions *options, const char *const *domains, PstWatchPrint *print,
                       GError **error);
