// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe.h"

#include <time.h>

#include "guest-shim/boot-clock.h"
#include "protocol/error.h"
#include "protocol/vocabulary.h"

/* What is kept of a probe's deadline for reporting. */
#define REPORTING_MS 300

const PstProbe *
pst_probe_require(const char *name, GError **error)
{
    const PstReportKind *kind = pst_vocabulary_require(name, error);

    for (guint i = 0; kind != NULL && i < pst_probe_table_n; i++)
        if (pst_probe_table[i].kind == kind)
            return &pst_probe_table[i];
    if (kind != NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "this shim has no probe '%s'", name);
    return NULL;
}

gint64
pst_probe_time_left_ms(const PstProbeContext *context, gint64 wanted_ms)
{
    gint64 left_ms = (context->deadline_us - pst_boot_clock_us()) / 1000 - REPORTING_MS;

    return CLAMP(left_ms, 1, wanted_ms);
}

PstFinding *
pst_probe_add_unlooked(PstReport *report, const char *id, const char *what, const GError *cause)
{
    PstFinding *finding = pst_report_add(report, id, PST_SEVERITY_UNKNOWN,
                                         "could not look at %s: %s", what, cause->message);

    finding->evidence->error = g_strdup(cause->message);
    if (cause->domain == PST_ERROR &&
        (cause->code == PST_ERROR_DEADLINE || cause->code == PST_ERROR_BUSY))
        finding->passing = PST_TRI_YES;
    return finding;
}
