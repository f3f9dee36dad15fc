// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recorder-report.h"

#include "host-sidecar/recorder-judge.h"

gboolean
pst_recorder_report_is_due(const PstGuest *guest, PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n && guest->xml.recorder; i++)
        if (answers[i]->via == PST_VIA_CHANNEL)
            return TRUE;
    return FALSE;
}

PstReport *
pst_recorder_report_make(PstGuest *guest, gint64 deadline_us)
{
    g_autoptr(PstRecorderCheck) check = pst_recorder_check_until(guest, deadline_us, NULL);

    return check != NULL
               ? pst_recorder_judge(pst_guest_state_name(guest), check->state, check->note)
               : NULL;
}
