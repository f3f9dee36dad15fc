// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/domain-watch.h"

#include "host-sidecar/domain-words.h"
#include "host-sidecar/port-events.h"
#include "host-sidecar/virt-error.h"
#include "protocol/fields.h"

/* A hypervisor that is silent for so long is taken for gone. */
#define KEEPALIVE_S 5
#define KEEPALIVES 3

/* libvirt holds it for each callback, and lets go of it at a time of its own. */
typedef struct {
    gint references;
    PstDomainWatchFuncs funcs;
    gpointer user_data;
} Listener;

#define N_EVENTS 4

struct PstDomainWatch {
    virConnectPtr connection;
    Listener *listener;
    int ids[N_EVENTS]; /* of the callbacks, -1 for none */
    int port;          /* that of QEMU's own event */
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
tell(Listener *listener, virDomainPtr domain, PstDomainNews news)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    news.uuid = uuid;
    news.name = virDomainGetName(domain);
    news.heard_us = g_get_real_time();
    if (virDomainGetUUIDString(domain, uuid) == 0)
        listener->funcs.happened(&news, listener->user_data);
}

/* What is none of the lifecycle's. */
static PstDomainNews
news_of(const char *event, const char *detail)
{
    return (PstDomainNews){
        .event = event, .detail = detail, .state = PST_INT_UNKNOWN, .reason = PST_INT_UNKNOWN};
}

static int
on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int event, int detail,
             void *data)
{
    PstDomainNews news =
        news_of(pst_domain_words_event(event), pst_domain_words_detail(event, detail));

    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        if (states[i].event == event && states[i].detail == detail) {
            news.state = states[i].state;
            news.reason = states[i].reason;
        }
    tell(data, domain, news);
    return 0;
}

static void
on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, void *data)
{
    tell(data, domain, news_of("reset", "it was reset, or has rebooted"));
}

static void
on_watchdog(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int action G_GNUC_UNUSED,
            void *data)
{
    tell(data, domain, news_of("watchdog", "its watchdog was not fed in time"));
}

static void
on_io_error(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, const char *path,
            const char *device, int action G_GNUC_UNUSED, const char *reason, void *data)
{
    gboolean named = path != NULL && *path != '\0';
    g_autofree char *words = g_strdup_printf("%s%s%s", named ? path : device,
                                             reason != NULL && *reason != '\0' ? ": " : "",
                                             reason != NULL ? reason : "");

    tell(data, domain, news_of("io-error", words));
}

static void
on_port(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain,
        const char *event G_GNUC_UNUSED, long long seconds G_GNUC_UNUSED,
        unsigned int micros G_GNUC_UNUSED, const char *details G_GNUC_UNUSED, void *data)
{
    Listener *listener = data;
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (virDomainGetUUIDString(domain, uuid) == 0)
        listener->funcs.port(uuid, listener->user_data);
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

/* Those that not every driver has, and that are no more than news, come last. */
static const struct {
    int event;
    virConnectDomainEventGenericCallback callback;
    gboolean needed;
} wanted[N_EVENTS] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), TRUE},
    {VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot), TRUE},
    {VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(on_watchdog), FALSE},
    {VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, VIR_DOMAIN_EVENT_CALLBACK(on_io_error), FALSE},
};

static void
listen_to_ports(PstDomainWatch *watch)
{
    if (watch->listener->funcs.port == NULL)
        return;
    watch->port = pst_port_events_listen(watch->connection, NULL, on_port,
                                         ref_listener(watch->listener), unref_listener);
    if (watch->port < 0)
        unref_listener(watch->listener);
}

static gboolean
listen_to_all(PstDomainWatch *watch, GError **error)
{
    watch->port = -1;
    for (guint i = 0; i < N_EVENTS; i++)
        watch->ids[i] = -1;
    if (!listen_to_close(watch, error))
        return FALSE;
    for (guint i = 0; i < N_EVENTS; i++)
        if (!listen_to(watch, wanted[i].event, wanted[i].callback, &watch->ids[i],
                       wanted[i].needed ? error : NULL) &&
            wanted[i].needed)
            return FALSE;
    listen_to_ports(watch);
    return TRUE;
}

gboolean
pst_domain_watch_hears_ports(const PstDomainWatch *watch)
{
    return watch->port >= 0;
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
    for (guint i = 0; i < N_EVENTS; i++)
        if (watch->ids[i] >= 0)
            virConnectDomainEventDeregisterAny(watch->connection, watch->ids[i]);
    if (watch->port >= 0)
        virConnectDomainQemuMonitorEventDeregister(watch->connection, watch->port);
    if (watch->closing)
        virConnectUnregisterCloseCallback(watch->connection, on_close);
    virConnectClose(watch->connection);
    unref_listener(watch->listener);
    g_free(watch);
}
