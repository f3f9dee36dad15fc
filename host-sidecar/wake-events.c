// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wake-events.h"

#include "host-sidecar/port-events.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"

#define N_EVENTS 3

struct PstWakeEvents {
    PstWake *wake;
    virDomainPtr domain; /* on a connection of its own */
    int ids[N_EVENTS];   /* -1 where it is not to be had */
    int port;            /* QEMU's own event; -1 where it is not to be had */
};

typedef struct {
    PstGuest *guest;
    PstWake *wake;
} Start;

static void
free_start(gpointer data)
{
    Start *start = data;

    pst_guest_unref(start->guest);
    pst_wake_unref(start->wake);
    g_free(start);
}

static void
release(void *wake)
{
    pst_wake_unref(wake);
}

/* What was saved, or comes from another host, goes on where it was. */
static PstWakeKind
kind_of(int event, int detail)
{
    switch (event) {
    case VIR_DOMAIN_EVENT_STARTED:
        return detail == VIR_DOMAIN_EVENT_STARTED_BOOTED ||
                       detail == VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT
                   ? PST_WAKE_BREAK
                   : PST_WAKE_NEWS;
    case VIR_DOMAIN_EVENT_RESUMED:
        return detail == VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT ? PST_WAKE_BREAK : PST_WAKE_NEWS;
    case VIR_DOMAIN_EVENT_SUSPENDED:
        return detail == VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT ? PST_WAKE_BREAK : PST_WAKE_NEWS;
    default:
        return PST_WAKE_NEWS;
    }
}

static int
on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED, int event,
             int detail, void *wake)
{
    pst_wake_tell(wake, kind_of(event, detail));
    return 0;
}

static void
on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED, void *wake)
{
    pst_wake_tell(wake, PST_WAKE_BREAK);
}

static void
on_agent(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED,
         int state G_GNUC_UNUSED, int reason G_GNUC_UNUSED, void *wake)
{
    pst_wake_tell(wake, PST_WAKE_NEWS);
}

static void
on_port(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED,
        const char *event G_GNUC_UNUSED, long long seconds G_GNUC_UNUSED,
        unsigned int micros G_GNUC_UNUSED, const char *details G_GNUC_UNUSED, void *wake)
{
    pst_wake_tell(wake, PST_WAKE_NEWS);
}

static void
on_close(virConnectPtr connection G_GNUC_UNUSED, int reason G_GNUC_UNUSED, void *wake)
{
    pst_wake_tell(wake, PST_WAKE_LOST);
}

static int
listen_to(virDomainPtr domain, int event, virConnectDomainEventGenericCallback callback,
          PstWake *wake)
{
    int id = virConnectDomainEventRegisterAny(virDomainGetConnect(domain), domain, event, callback,
                                              pst_wake_ref(wake), release);

    if (id < 0)
        pst_wake_unref(wake);
    return id;
}

static int
listen_to_ports(virDomainPtr domain, PstWake *wake)
{
    int id = pst_port_events_listen(virDomainGetConnect(domain), domain, on_port,
                                    pst_wake_ref(wake), release);

    if (id < 0)
        pst_wake_unref(wake);
    return id;
}

static void
free_events(gpointer data)
{
    PstWakeEvents *events = data;

    pst_wake_unref(events->wake);
    g_free(events);
}

/* Blocks, as deregistering asks libvirtd. */
static gpointer
end(gpointer data, GError **error G_GNUC_UNUSED)
{
    PstWakeEvents *events = data;
    virConnectPtr connection = virDomainGetConnect(events->domain);

    for (guint i = 0; i < N_EVENTS; i++)
        if (events->ids[i] >= 0)
            virConnectDomainEventDeregisterAny(connection, events->ids[i]);
    if (events->port >= 0)
        virConnectDomainQemuMonitorEventDeregister(connection, events->port);
    virConnectUnregisterCloseCallback(connection, on_close);
    pst_guest_disconnect(events->domain);
    return NULL;
}

static gpointer
begin(gpointer data, GError **error)
{
    const Start *start = data;
    virDomainPtr domain = pst_guest_connect(start->guest, error);

    if (domain == NULL)
        return NULL;
    PstWakeEvents *events = g_new0(PstWakeEvents, 1);
    events->domain = domain;
    events->port = -1;
    events->wake = pst_wake_ref(start->wake);
    /* A driver within this process takes the callback, and never gives back what it holds; so that
     * is not handed over, but kept until the connection is closed. */
    gboolean closing = virConnectRegisterCloseCallback(virDomainGetConnect(domain), on_close,
                                                       start->wake, NULL) == 0;
    events->ids[0] = listen_to(domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                               VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), start->wake);
    events->ids[1] = listen_to(domain, VIR_DOMAIN_EVENT_ID_REBOOT,
                               VIR_DOMAIN_EVENT_CALLBACK(on_reboot), start->wake);
    events->ids[2] = listen_to(domain, VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE,
                               VIR_DOMAIN_EVENT_CALLBACK(on_agent), start->wake);
    if (!closing || events->ids[0] < 0 || events->ids[1] < 0) {
        pst_virt_error_set(error, "the guest can't be watched");
        end(events, NULL);
        free_events(events);
        return NULL;
    }
    events->port = listen_to_ports(domain, start->wake);
    return events;
}

PstWakeEvents *
pst_wake_events_start(PstGuest *guest, PstWake *wake, gint64 deadline_us, GError **error)
{
    Start *start = g_new0(Start, 1);

    start->guest = pst_guest_ref(guest);
    start->wake = pst_wake_ref(wake);
    return pst_task_call(begin, start, free_start, (GDestroyNotify)pst_wake_events_stop,
                         deadline_us, "libvirt", error);
}

void
pst_wake_events_stop(PstWakeEvents *events)
{
    (void)pst_task_start(end, events, free_events, "wake-events", NULL);
}
