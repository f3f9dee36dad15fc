// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-sample.h"

#include <stdlib.h>

#include "host-sidecar/domain-state.h"
#include "host-sidecar/turnstile.h"
#include "host-sidecar/host-devices.h"
#include "host-sidecar/host-xml.h"
#include "host-sidecar/lifecycle-note.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

#define ENDING_US (G_USEC_PER_SEC / 2)
#define MAX_CPUS 512
/* A monitor that is well answers in a few milliseconds. */
#define MONITOR_US G_USEC_PER_SEC
#define JOB_US (G_USEC_PER_SEC / 2)

/* Calls that need the monitor. One that never returns keeps a thread of libvirtd's, which has 20
 * for everybody; so however many guests are looked at, no more than these are kept by this process.
 */
#define MONITOR_CALLS 8

static PstTurnstile monitor_calls = PST_TURNSTILE(MONITOR_CALLS);

static PstHostSample *
new_sample(void)
{
    PstHostSample *sample = g_new0(PstHostSample, 1);

    sample->data = pst_fields_new(pst_report_host_kind.data);
    sample->not_told = g_ptr_array_new_with_free_func(g_free);
    return sample;
}

void
pst_host_sample_free(PstHostSample *sample)
{
    if (sample->data != NULL)
        pst_fields_free(pst_report_host_kind.data, sample->data);
    g_ptr_array_unref(sample->not_told);
    g_free(sample->console);
    g_free(sample);
}

static gboolean
read_state(virDomainPtr domain, PstHostSample *sample, GError **error)
{
    if (!pst_lifecycle_note_look(domain, &sample->sight, error))
        return FALSE;
    int state = (int)sample->sight.state, reason = (int)sample->sight.reason;
    sample->data->state = g_strdup(pst_domain_state_name(state));
    sample->data->reason = g_strdup(pst_domain_state_reason(state, reason));
    return TRUE;
}

static void
read_monitor(virDomainPtr domain, PstHostData *data)
{
    static const char *const states[] = {
        [VIR_DOMAIN_CONTROL_OK] = "ok",
        [VIR_DOMAIN_CONTROL_JOB] = "job",
        [VIR_DOMAIN_CONTROL_OCCUPIED] = "occupied",
        [VIR_DOMAIN_CONTROL_ERROR] = "error",
    };
    virDomainControlInfo info;

    if (virDomainGetControlInfo(domain, &info, 0) < 0 || info.state >= G_N_ELEMENTS(states))
        return;
    data->monitor = pst_fields_new(&pst_report_host_monitor_fields);
    data->monitor->state = g_strdup(states[info.state]);
    data->monitor->for_ms = (gint64)info.stateTime;
}

/* From the kernel's own accounts of QEMU's threads: the monitor is not needed for it. */
static void
read_cpus(virDomainPtr domain, PstHostData *data)
{
    g_autofree virVcpuInfoPtr infos = g_new0(virVcpuInfo, MAX_CPUS);
    int n = virDomainGetVcpus(domain, infos, MAX_CPUS, NULL, 0);

    for (int i = 0; i < n; i++) {
        PstHostCpu *cpu = pst_fields_append(&pst_report_host_cpu_fields, &data->cpus);
        cpu->number = (gint64)infos[i].number;
        cpu->used_ms = (gint64)(infos[i].cpuTime / 1000000);
    }
}

static gboolean
read_xml(virDomainPtr domain, PstHostSample *sample, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, 0);

    if (text == NULL)
        return pst_virt_error_set(error, "its XML");
    gboolean read = pst_host_xml_read(text, sample->data, &sample->console, error);
    free(text);
    return read;
}

/* Of a QEMU that is just ending libvirt has lost the monitor before it says that the domain is off.
 */
static gboolean
read_again(virDomainPtr domain, PstHostSample *sample, GError **error)
{
    PstHostData *data = sample->data;

    if (data->monitor == NULL || !g_str_equal(data->monitor->state, "error"))
        return TRUE;
    g_usleep(ENDING_US);
    g_clear_pointer(&data->state, g_free);
    g_clear_pointer(&data->reason, g_free);
    pst_fields_free(&pst_report_host_monitor_fields, g_steal_pointer(&data->monitor));
    if (!read_state(domain, sample, error))
        return FALSE;
    read_monitor(domain, data);
    return TRUE;
}

static gpointer
look_at_domain(gpointer guest, GError **error)
{
    g_autoptr(PstHostSample) sample = new_sample();
    virDomainPtr domain = pst_guest_connect(guest, error);

    if (domain == NULL)
        return NULL;
    gboolean read = read_state(domain, sample, error) && read_xml(domain, sample, error);
    if (read) {
        read_monitor(domain, sample->data);
        read = read_again(domain, sample, error);
    }
    if (read) {
        read_cpus(domain, sample->data);
        sample->taken_us = g_get_monotonic_time();
    }
    pst_guest_disconnect(domain);
    return read ? g_steal_pointer(&sample) : NULL;
}

/* Takes ERROR. */
static void
note(PstHostSample *sample, GError *error)
{
    g_ptr_array_add(sample->not_told, g_strdup(error->message));
    g_error_free(error);
}

static void
end_call(gpointer guest)
{
    pst_guest_unref(guest);
    pst_turnstile_leave(&monitor_calls);
}

/* Calls RUN, which has LIMIT_US once it is its turn, for which as much is waited. */
static gpointer
ask_monitor(PstGuest *guest, PstTaskRun run, GDestroyNotify free_result, gint64 limit_us,
            gint64 deadline_us, const char *what, GError **error)
{
    if (!pst_turnstile_enter(&monitor_calls, MIN(deadline_us, g_get_monotonic_time() + limit_us))) {
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "%s was not asked: those of other guests do not answer, and hold all places",
                    what);
        return NULL;
    }
    return pst_task_call(run, pst_guest_ref(guest), end_call, free_result,
                         MIN(deadline_us, g_get_monotonic_time() + limit_us), what, error);
}

static void
add_job(PstGuest *guest, PstHostSample *sample, gint64 deadline_us)
{
    GError *error = NULL;
    PstHostJob *job = ask_monitor(guest, pst_host_devices_job, pst_host_devices_free_job, JOB_US,
                                  deadline_us, "libvirt, of its job,", &error);

    if (error != NULL)
        note(sample, error);
    else if (job->operation != NULL)
        sample->data->job = job;
    else
        pst_host_devices_free_job(job);
}

static void
add_devices(PstGuest *guest, PstHostSample *sample, gint64 deadline_us)
{
    GError *error = NULL;
    PstHostData *devices = ask_monitor(guest, pst_host_devices_read, pst_host_devices_free,
                                       MONITOR_US, deadline_us, "QEMU's monitor", &error);

    if (devices == NULL) {
        sample->monitor_silent = error->code == PST_ERROR_DEADLINE;
        note(sample, error);
        return;
    }
    pst_host_devices_move(devices, sample->data);
    pst_host_devices_free(devices);
}

PstHostSample *
pst_host_sample_take(PstGuest *guest, gboolean monitor, gint64 deadline_us, GError **error)
{
    PstHostSample *sample =
        pst_task_call(look_at_domain, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref,
                      (GDestroyNotify)pst_host_sample_free, deadline_us, "libvirt", error);

    if (sample == NULL || !monitor || sample->data->cpus == NULL)
        return sample;
    /* What a job holds up does not answer either: so it comes first. */
    add_job(guest, sample, deadline_us);
    add_devices(guest, sample, deadline_us);
    return sample;
}

/* QEMU hears nothing of the channels of a guest that is paused, and still answers its monitor. */
static gpointer
read_running(gpointer guest, GError **error)
{
    virDomainPtr domain = pst_guest_connect(guest, error);
    int state = VIR_DOMAIN_NOSTATE;

    if (domain == NULL)
        return NULL;
    gboolean told = virDomainGetState(domain, &state, NULL, 0) == 0;
    pst_guest_disconnect(domain);
    if (told && state == VIR_DOMAIN_RUNNING)
        return pst_host_devices_read(guest, error);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "it does not run");
    return NULL;
}

gboolean
pst_host_sample_is_served(PstGuest *guest, gint64 deadline_us)
{
    g_autoptr(GError) unused = NULL;
    PstHostData *devices = ask_monitor(guest, read_running, pst_host_devices_free, MONITOR_US,
                                       deadline_us, "QEMU's monitor", &unused);

    g_clear_pointer(&devices, pst_host_devices_free);
    return unused == NULL;
}
