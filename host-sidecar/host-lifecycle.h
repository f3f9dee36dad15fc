// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/lifecycle.h"
#include "protocol/report-host.h"

/* Tells in the report `host` what is known of a domain's lifecycle at NOW_US, in place of what the
 * report told of it before. */
void pst_host_lifecycle_tell(PstHostData *data, const PstLifecycle *lifecycle, gint64 now_us);
