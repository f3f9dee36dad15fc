// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-security.h"

/* What of the hardening can bite access, from the report's data alone: a pure function. NOW_US is
 * the guest's clock, microseconds since 1970 UTC. */
void pst_security_judge(PstReport *report, gint64 now_us);
