// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health.h"

/* A sweep's verdict for Prometheus: a text that is both its exposition format and OpenMetrics, for
 * the textfile collector of the node exporter. Gauges alone, none with a time of its own. */

/* So many domains get series of their own; the counts are of all. */
#define PST_METRICS_MAX_DOMAINS 1000

/* Labels: `uri`, one value a file; `domain`; and the words of a status and a condition. Free with
 * g_free(). */
char *pst_metrics_text(const PstHealth *health);
