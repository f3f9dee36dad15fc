// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/finding-dates.h"

#include "guest-shim/careful-stat.h"

/* A report has far fewer; what a guest puts into one must not keep it busy. */
#define MAX_DATED 500

static gboolean
has_no_date(const PstFinding *finding)
{
    static const char *const made_by_the_kernel[] = {"/proc/", "/sys/", "/dev/"};
    const char *path = finding->evidence->path;

    if (path == NULL || path[0] != '/' || finding->evidence->changed_us != PST_INT_UNKNOWN)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(made_by_the_kernel); i++)
        if (g_str_has_prefix(path, made_by_the_kernel[i]))
            return TRUE;
    return FALSE;
}

void
pst_finding_dates_fill(const PstSysroot *sysroot, PstReport *report)
{
    guint n = MIN(report->findings->len, MAX_DATED);

    for (guint i = 0; i < n; i++) {
        PstFinding *finding = report->findings->pdata[i];
        struct stat st;

        if (!has_no_date(finding) && pst_careful_stat(sysroot, finding->evidence->path, &st, NULL))
            finding->evidence->changed_us = pst_careful_stat_us(&st.st_ctim);
    }
}
