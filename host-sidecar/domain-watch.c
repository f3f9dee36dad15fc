// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/domain-watch.h"

#include "host-sidecar/virt-error.h"
#include "protocol/fields.h"

/* A hypervisor that is silent for so long is taken for gone. */
#define KEEPALIVE_S 5
#define KEEPALIVES 3
/* A reboot is none of the lifecycle's. */
#define NO_EVENT (-1)

/* libvirt holds it for each callback, and lets go of it at a time of its own. */
typedef struct {
    gint references;
    PstDomainWatchFuncs funcs;
    gpointer user_data;
} Listener;

struct PstDomainWatch {
    virConnectPtr connection;
    Listener *listener;
    int lifecycle, reboot; /* ids of the callbacks, -1 for none */
    gboolean closing;
};

static void
unref_listener(void *data)
{
    Listener *listener = data;

    if (!g_atomic_int_dec_and_test(&listener->references))
        return;
    listener->funcs.release(listener->user_data);
    g_free(listener);
}

/* Where an event says in which state the domain is now, and why. What libvirt has no event for, or
 * another reason, is left to who looks. */
static const struct {
    int event, detail;
    int state, reason;
} states[] = {
#define STATE(event, detail, state, reason)                                                        \
    {                                                                                              \
        VIR_DOMAIN_EVENT_##event, VIR_DOMAIN_EVENT_##event##_##detail, VIR_DOMAIN_##state,         \
            VIR_DOMAIN_##state##_##reason                                                          \
    }
    STATE(STARTED, BOOTED, RUNNING, BOOTED),
    STATE(STARTED, MIGRATED, RUNNING, MIGRATED),
    STATE(STARTED, RESTORED, RUNNING, RESTORED),
    STATE(STARTED, FROM_SNAPSHOT, RUNNING, FROM_SNAPSHOT),
    STATE(STARTED, WAKEUP, RUNNING, WAKEUP),
    STATE(RESUMED, UNPAUSED, RUNNING, UNPAUSED),
    STATE(RESUMED, MIGRATED, RUNNING, MIGRATED),
    STATE(RESUMED, FROM_SNAPSHOT, RUNNING, FROM_SNAPSHOT),
    STATE(SUSPENDED, PAUSED, PAUSED, USER),
    STATE(SUSPENDED, MIGRATED, PAUSED, MIGRATION),
    STATE(SUSPENDED, IOERROR, PAUSED, IOERROR),
    STATE(SUSPENDED, WATCHDOG, PAUSED, WATCHDOG),
    STATE(SUSPENDED, FROM_SNAPSHOT, PAUSED, FROM_SNAPSHOT),
    STATE(STOPPED, SHUTDOWN, SHUTOFF, SHUTDOWN),
    STATE(STOPPED, DESTROYED, SHUTOFF, DESTROYED),
    STATE(STOPPED, CRASHED, SHUTOFF, CRASHED),
    STATE(STOPPED, MIGRATED, SHUTOFF, MIGRATED),
    STATE(STOPPED, SAVED, SHUTOFF, SAVED),
    STATE(STOPPED, FAILED, SHUTOFF, FAILED),
    STATE(STOPPED, FROM_SNAPSHOT, SHUTOFF, FROM_SNAPSHOT),
    STATE(CRASHED, PANICKED, CRASHED, PANICKED),
#undef STATE
};

static void
tell(Listener *listener, virDomainPtr domain, int event, int detail)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    PstDomainNews news = {uuid, PST_INT_UNKNOWN, PST_INT_UNKNOWN, g_get_real_time()};

    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        if (states[i].event == event && states[i].detail == detail) {
            news.state = states[i].state;
            news.reason = states[i].reason;
        }
    if (virDomainGetUUIDString(domain, uuid) == 0)
        listener->funcs.happened(&news, listener->user_data);
}

static int
on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int event, int detail,
             void *data)
{
    tell(data, domain, event, detail);
    return 0;
}

static void
on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, void *data)
{
    tell(data, domain, NO_EVENT, NO_EVENT);
}

static void
on_close(virConnectPtr connection G_GNUC_UNUSED, int reason G_GNUC_UNUSED, void *data)
{
    Listener *listener = data;

    listener->funcs.lost(listener->user_data);
}

static Listener *
ref_listener(Listener *listener)
{
    g_atomic_int_inc(&listener->references);
    return listener;
}

static gboolean
listen_to(PstDomainWatch *watch, int event, virConnectDomainEventGenericCallback callback, int *id,
          GError **error)
{
    *id = virConnectDomainEventRegisterAny(watch->connection, NULL, event, callback,
                                           ref_listener(watch->listener), unref_listener);
    if (*id >= 0)
        return TRUE;
    unref_listener(watch->listener);
    return pst_virt_error_set(error, "its events can't be had");
}

/* Without a reference of its own: a driver that is in this process, as libvirt's own for tests,
 * takes the callback and forgets it. Once it is unregistered, it does not run (they share a lock:
 * libvirt 9.0, datatypes.c). */
static gboolean
listen_to_close(PstDomainWatch *watch, GError **error)
{
    watch->closing =
        virConnectRegisterCloseCallback(watch->connection, on_close, watch->listener, NULL) == 0;
    return watch->closing || pst_virt_error_set(error, "its end can't be watched for");
}

static gboolean
listen_to_all(PstDomainWatch *watch, GError **error)
{
    watch->lifecycle = watch->reboot = -1;
    return listen_to_close(watch, error) &&
           listen_to(watch, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle),
                     &watch->lifecycle, error) &&
           listen_to(watch, VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot),
                     &watch->reboot, error);
}

PstDomainWatch *
pst_domain_watch_start(const PstHypervisor *hypervisor, const PstDomainWatchFuncs *funcs,
                       gpointer user_data, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(hypervisor, error);

    if (connection == NULL) {
        funcs->release(user_data);
        return NULL;
    }
    PstDomainWatch *watch = g_new0(PstDomainWatch, 1);
    watch->connection = connection;
    watch->listener = g_new0(Listener, 1);
    *watch->listener = (Listener){1, *funcs, user_data};
    if (listen_to_all(watch, error)) {
        /* A driver without it, such as libvirt's own for tests, is in this process. */
        virConnectSetKeepAlive(connection, KEEPALIVE_S, KEEPALIVES);
        return watch;
    }
    pst_domain_watch_stop(watch);
    return NULL;
}

void
pst_domain_watch_stop(PstDomainWatch *watch)
{
    if (watch->lifecycle >= 0)
        virConnectDomainEventDeregisterAny(watch->connection, watch->lifecycle);
    if (watch->reboot >= 0)
        virConnectDomainEventDeregisterAny(watch->connection, watch->reboot);
    if (watch->closing)
        virConnectUnregisterCloseCallback(watch->connection, on_close);
    virConnectClose(watch->connection);
    unref_listener(watch->listener);
    g_free(watch);
}
