// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report's first finding of that id, NULL for none. */
static inline const PstFinding *
find(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (g_str_equal(finding->id, id))
            return finding;
    }
    return NULL;
}
