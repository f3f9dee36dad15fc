// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-judges.h"

void
pst_doctor_judge_profile_cuts(PstDoctorJudging *judging)
{
    const PstDoctorProfile *profile = judging->profile;

    for (guint i = 0; profile->cuts != NULL && i < profile->cuts->len; i++) {
        const PstDoctorCut *cut = profile->cuts->pdata[i];

        if (cut->unsure == NULL)
            pst_doctor_stands(judging, PST_SEVERITY_WARNING, g_strdup(cut->mend),
                              "line %" G_GINT64_FORMAT ": %s: %s", cut->line, cut->cuts, cut->text);
    }
    for (guint i = 0; profile->cuts != NULL && i < profile->cuts->len; i++) {
        const PstDoctorCut *cut = profile->cuts->pdata[i];
        g_autofree char *reason = NULL;

        if (cut->unsure == NULL)
            continue;
        reason = g_strdup_printf("line %" G_GINT64_FORMAT " %s, and %s", cut->line, cut->cuts,
                                 cut->unsure);
        pst_doctor_unknown(judging, reason);
    }
    if (profile->problem != NULL)
        pst_doctor_unknown(judging, profile->problem);
}
