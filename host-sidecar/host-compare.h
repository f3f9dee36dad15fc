// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-host.h"

/* Notes in AFTER what moved since BEFORE, WATCHED_MS earlier. A counter that fell, as after a
 * reset, says nothing. A pure function. */
void pst_host_compare(const PstHostData *before, PstHostData *after, gint64 watched_ms);
