// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/sweep-domains.h"

#include "host-sidecar/backend-agent-builtin.h"
#include "host-sidecar/backend-agent.h"
#include "host-sidecar/backend-channel.h"
#include "host-sidecar/backend-host.h"
#include "host-sidecar/consult.h"
#include "host-sidecar/domain-state.h"
#include "host-sidecar/guest.h"
#include "host-sidecar/host-devices.h"
#include "host-sidecar/host-look.h"
#include "host-sidecar/recorder-report.h"
#include "host-sidecar/task.h"

#define JOB_US (G_USEC_PER_SEC / 2)

/* No records: what the sweep before was told is as good, and costs nothing. */
static const PstBackend *const rungs[] = {
    &pst_backend_channel,
    &pst_backend_agent,
    &pst_backend_agent_builtin,
    &pst_backend_host,
};

static gpointer
ref_guest(gpointer guest)
{
    return pst_guest_ref(guest);
}

static void
unref_guest(gpointer guest)
{
    pst_guest_unref(guest);
}

static const PstLadder whole_ladder = {rungs, G_N_ELEMENTS(rungs), ref_guest, unref_guest};
static const PstLadder short_ladder = {rungs, G_N_ELEMENTS(rungs) - 1, ref_guest, unref_guest};

static PstGuest *
look_up(gpointer hypervisor, gint64 until_us, PstHealthSight *sight, PstSweepLook *look,
        GError **error)
{
    PstGuest *guest = pst_guest_open(hypervisor, sight->name, until_us, error);

    if (guest == NULL)
        return NULL;
    g_free(sight->name);
    sight->name = g_strdup(guest->name);
    sight->uuid = g_strdup(guest->uuid);
    sight->state = g_strdup(pst_guest_state_name(guest));
    sight->reason = g_strdup(pst_domain_state_reason(guest->state, (int)guest->sight.reason));
    sight->run = guest->sight.id;
    *look = (PstSweepLook){
        .runs = guest->state == VIR_DOMAIN_RUNNING,
        .is_off = guest->state == VIR_DOMAIN_SHUTOFF,
        .busy_ms = guest->busy_ms,
    };
    return guest;
}

static PstReport *
look_from_outside(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_host_look_report(guest, 0, deadline_us, error);
}

/* Of a guest that answers: it has a monitor that is well. */
static void
note_job(PstGuest *guest, PstHealthSight *sight, gint64 deadline_us)
{
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + JOB_US);
    g_autoptr(GError) unsaid = NULL;
    PstHostJob *job =
        pst_task_call(pst_host_devices_job, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref,
                      pst_host_devices_free_job, until_us, "libvirt, of its job,", &unsaid);

    if (job == NULL)
        return;
    if (job->operation != NULL)
        pst_health_sight_note_job(sight, job->operation, job->running_ms);
    pst_host_devices_free_job(job);
}

/* They are harvested in passing; of a guest that was greeted it is known whether they arrive. */
static void
look_at_records(PstGuest *guest, PstHealthSight *sight, gint64 deadline_us)
{
    g_autoptr(PstReport) report = NULL;

    if (guest->xml.recorder && pst_guest_greeting(guest) != NULL)
        report = pst_recorder_report_make(guest, deadline_us);
    else
        pst_consult_harvest(guest, deadline_us);
    for (guint i = 0; report != NULL && i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        pst_health_sight_add(sight, finding->id, finding->severity, "%s", finding->message);
    }
}

PstSweepGuests
pst_sweep_domains(PstHypervisor *hypervisor)
{
    return (PstSweepGuests){
        .look_up = look_up,
        .ladder = &whole_ladder,
        .short_ladder = &short_ladder,
        .look_from_outside = look_from_outside,
        .note_job = note_job,
        .look_at_records = look_at_records,
        .user_data = hypervisor,
    };
}
