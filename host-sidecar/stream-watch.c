// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/stream-watch.h"

#include "host-sidecar/virt-error.h"

/* One for each callback that libvirt holds. Those of events it frees when it lets go of them. */
typedef struct {
    PstStreamWatchEnded ended;
    gpointer user_data;
    GDestroyNotify release;
} Listener;

struct PstStreamWatch {
    virConnectPtr connection; /* borrowed from the domain, which outlives the watch */
    Listener *closing;        /* owned: a driver without close callbacks takes one and frees none */
    int lifecycle, reboot;    /* ids of the callbacks, -1 for none */
};

static void
free_listener(void *data)
{
    Listener *listener = data;

    listener->release(listener->user_data);
    g_free(listener);
}

static void
on_close(virConnectPtr connection G_GNUC_UNUSED, int reason G_GNUC_UNUSED, void *data)
{
    Listener *listener = data;

    listener->ended("libvirt closed the connection", listener->user_data);
}

static void
on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED, void *data)
{
    Listener *listener = data;

    listener->ended("the guest was reset", listener->user_data);
}

/* What a lifecycle event means for a conversation, or NULL where it can go on. */
static const char *
meaning_of(int event, int detail)
{
    switch (event) {
    case VIR_DOMAIN_EVENT_STOPPED:
    case VIR_DOMAIN_EVENT_SHUTDOWN:
        return "the guest was stopped";
    case VIR_DOMAIN_EVENT_CRASHED:
        return "the guest crashed";
    case VIR_DOMAIN_EVENT_STARTED:
        return "the guest was started anew";
    case VIR_DOMAIN_EVENT_RESUMED:
        return detail == VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT ? "the guest was reverted" : NULL;
    case VIR_DOMAIN_EVENT_SUSPENDED:
        return detail == VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT ? "the guest was reverted" : NULL;
    default:
        return NULL;
    }
}

static int
on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED, int event,
             int detail, void *data)
{
    Listener *listener = data;
    const char *reason = meaning_of(event, detail);

    if (reason != NULL)
        listener->ended(reason, listener->user_data);
    return 0;
}

PstStreamWatch *
pst_stream_watch_start(virDomainPtr domain, PstStreamWatchEnded ended, gpointer user_data,
                       gpointer (*retain)(gpointer user_data), GDestroyNotify release,
                       GError **error)
{
    virConnectPtr connection = virDomainGetConnect(domain);
    Listener *listeners[3];

    for (guint i = 0; i < G_N_ELEMENTS(listeners); i++) {
        listeners[i] = g_new0(Listener, 1);
        *listeners[i] = (Listener){ended, retain(user_data), release};
    }
    gboolean closing =
        virConnectRegisterCloseCallback(connection, on_close, listeners[0], NULL) == 0;
    int lifecycle = virConnectDomainEventRegisterAny(
        connection, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle),
        listeners[1], free_listener);
    int reboot = virConnectDomainEventRegisterAny(connection, domain, VIR_DOMAIN_EVENT_ID_REBOOT,
                                                  VIR_DOMAIN_EVENT_CALLBACK(on_reboot),
                                                  listeners[2], free_listener);
    PstStreamWatch *watch = g_new0(PstStreamWatch, 1);
    *watch = (PstStreamWatch){connection, listeners[0], lifecycle, reboot};
    if (closing && lifecycle >= 0 && reboot >= 0)
        return watch;

    pst_virt_error_set(error, "the guest can't be watched");
    /* What was not registered is still ours. */
    if (lifecycle < 0)
        free_listener(listeners[1]);
    if (reboot < 0)
        free_listener(listeners[2]);
    pst_stream_watch_stop(watch);
    return NULL;
}

void
pst_stream_watch_stop(PstStreamWatch *watch)
{
    if (watch->lifecycle >= 0)
        virConnectDomainEventDeregisterAny(watch->connection, watch->lifecycle);
    if (watch->reboot >= 0)
        virConnectDomainEventDeregisterAny(watch->connection, watch->reboot);
    /* It is called under a lock that this takes: after it nobody has the listener any more. */
    virConnectUnregisterCloseCallback(watch->connection, on_close);
    free_listener(watch->closing);
    g_free(watch);
}
