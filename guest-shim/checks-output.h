// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-checks.h"

/* The output of a monitoring plugin, by the Monitoring Plugins Development Guidelines ("Plugin
 * Output for Nagios", "Performance data"): a pure function over text.
 *
 *     TEXT | LABEL=VALUE[UNIT];[WARN];[CRIT];[MIN];[MAX] …
 *     LONG TEXT
 *     … | more of LABEL=VALUE …
 *
 * Fills in the message, the details and the values of CHECK, each bounded. */
void pst_checks_output_parse(const char *text, PstChecksCheck *check);
