// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"
#include "tests/unit/random-fields.h"

/* A random report of KIND, concluded, with random findings and data. */
static inline PstReport *
random_report(const PstReportKind *kind)
{
    PstReport *report = pst_report_new(kind);

    pst_fields_free(kind->data, report->data);
    report->data = random_fields(kind->data);
    for (gint n = g_test_rand_int_range(0, 5); n > 0; n--)
        g_ptr_array_add(report->findings, random_fields(&pst_finding_fields));
    report->took_ms = g_test_rand_int_range(0, 60000);
    if (g_test_rand_bit())
        report->realtime_us = random_int();
    report->truncated = g_test_rand_bit();
    pst_report_conclude(report, "all is well");
    return report;
}
