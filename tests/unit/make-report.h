// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"
#include "protocol/vocabulary.h"

/* A concluded report of the probe `network` with one finding of SEVERITY, or none where it is below
 * information. */
static inline PstReport *
make_report(int severity, const char *id, const char *message)
{
    PstReport *report = pst_report_new(pst_vocabulary_find("network"));

    if (severity >= PST_SEVERITY_INFORMATION)
        pst_report_add(report, id, (PstSeverity)severity, "%s", message);
    pst_report_conclude(report, "the network is there");
    return report;
}
