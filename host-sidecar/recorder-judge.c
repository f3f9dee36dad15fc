// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recorder-judge.h"

#include "protocol/report-host.h"

typedef struct {
    const char *finding, *remedy;
} RecorderFault;

static const RecorderFault recorder_faults[] = {
    [PST_RECORDER_STATE_WASHED] = {"host.recorder-flooded",
                                   "see in the guest who else writes to the recorder's port: "
                                   "fuser -v /dev/virtio-ports/org.postern.recorder.0"},
    [PST_RECORDER_STATE_BEHIND] = {"host.recorder-silent",
                                   "postern records DOMAIN --heal attaches its device anew"},
    [PST_RECORDER_STATE_UNUSED] = {"host.recorder-unused",
                                   "see in the guest who holds the recorder's port: "
                                   "fuser -v /dev/virtio-ports/org.postern.recorder.0"},
    [PST_RECORDER_STATE_UNREAD] = {"host.recorder-unread",
                                   "see that the storage pool postern is there, active and over "
                                   "the folder of the recorder's path: virsh pool-info postern"},
    [PST_RECORDER_STATE_ELSEWHERE] = {"host.recorder-elsewhere",
                                      "virsh edit: name the file in the source of its channel by "
                                      "the domain's own UUID; it holds from the next start on"},
    [PST_RECORDER_STATE_ASTRAY] = {"host.recorder-elsewhere",
                                   "virsh edit: name the file in the source of its channel below "
                                   "the target path of the pool (virsh pool-dumpxml postern); it "
                                   "holds from the next start on"},
    [PST_RECORDER_STATE_EMPTIED] = {"host.recorder-emptied",
                                    "virsh edit: say append='on' in the source of its channel"},
};

PstReport *
pst_recorder_judge(const char *state, PstRecorderState recorder, const char *note)
{
    const RecorderFault *fault = &recorder_faults[recorder];

    if (fault->finding == NULL || note == NULL)
        return NULL;
    PstReport *report = pst_report_new(&pst_report_host_kind);
    PstHostData *data = report->data;
    PstFinding *finding = pst_report_add(report, fault->finding, PST_SEVERITY_WARNING, "%s", note);

    finding->remedy = g_strdup(fault->remedy);
    data->state = g_strdup(state);
    data->answered = PST_TRI_YES;
    pst_report_conclude(report, "");
    return report;
}
