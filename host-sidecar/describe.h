// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The vocabulary as it goes over the API: `{"probes":[…]}`, each with its question, footprint,
 * schemas and the ids of its findings; of one probe alone, or of all where ONLY is NULL. */
JsonObject *pst_describe_json(const PstReportKind *only);
