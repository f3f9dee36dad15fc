// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-hub.h"

#include <string.h>

#include "host-sidecar/watch-domains.h"
#include "host-sidecar/watch-ear.h"
#include "host-sidecar/watch-order.h"
#include "protocol/record-event.h"

/* Guests that are opened at a time. */
#define MAX_OPENING 8
/* Between two attempts at a guest, growing. */
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 60000
/* One that was listened to for so long is opened as if for the first time. Others talk to a guest
 * again and again, and would wait for its channel each time. */
#define STEADY_US (60 * G_USEC_PER_SEC)
/* Two resets that are no further apart are one. */
#define RESET_US (2 * G_USEC_PER_SEC)
/* Where libvirt does not tell that a shim was started anew, it is asked. */
#define CHECK_S 60

struct PstWatchHub {
    GMainContext *context;
    PstHypervisor *hypervisor;
    GPtrArray *wants;         /* of PstWatchWant */
    PstWatchDomains *domains; /* NULL while nobody wants any */
    gint64 lost_us;           /* libvirt, since; 0: it is not */
    GHashTable *guests;       /* of Guest, by UUID: those that run */
    GQueue line;              /* of Guest, that wait for being opened */
    guint n_opening;
    PstWatchOrder *order;
    GSource *order_timer, *check_timer;
};

typedef struct {
    PstWatchHub *hub;
    char *uuid, *name;
    PstWatchEar *ear; /* being opened, or listening */
    gboolean listening, in_line, again;
    gboolean told;   /* how it stands */
    char *reason;    /* why it is not listened to */
    gint64 deaf_us;  /* since when it is not any more; 0: it never was */
    gint64 shim_us;  /* when its shim was started, by the guest's clock; PST_INT_UNKNOWN */
    gint64 begun_us; /* on the monotonic clock, while it is */
    gint64 reset_us; /* the host's real time of the last reset; 0: none */
    guint pause_ms;
    GSource *timer;
} Guest;

static void
clear_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static GSource *
attach(PstWatchHub *hub, GSource *source, GSourceFunc function, gpointer data)
{
    g_source_set_callback(source, function, data, NULL);
    g_source_attach(source, hub->context);
    return source;
}

/* ---- who is told what */

static gboolean
is_wanted(const PstWatchHub *hub, const char *name, const char *uuid)
{
    for (guint i = 0; i < hub->wants->len; i++)
        if (pst_watch_want_covers(hub->wants->pdata[i], name, uuid))
            return TRUE;
    return FALSE;
}

static gboolean on_order(gpointer data);

static void
arm_order(PstWatchHub *hub)
{
    gint64 wait_us = pst_watch_order_wait_us(hub->order, g_get_monotonic_time());

    clear_source(&hub->order_timer);
    if (wait_us >= 0)
        hub->order_timer =
            attach(hub, g_timeout_source_new((guint)((wait_us + 999) / 1000)), on_order, hub);
}

static gboolean
on_order(gpointer data)
{
    PstWatchHub *hub = data;
    PstWatchEvent *event;

    while ((event = pst_watch_order_take(hub->order, g_get_monotonic_time())) != NULL) {
        for (guint i = 0; i < hub->wants->len; i++) {
            const PstWatchWant *want = hub->wants->pdata[i];
            if (pst_watch_want_covers(want, event->domain, event->uuid))
                pst_watch_want_tell(want, event);
        }
        pst_watch_event_free(event);
    }
    arm_order(hub);
    return G_SOURCE_REMOVE;
}

/* Takes EVENT over. */
static void
tell(PstWatchHub *hub, PstWatchEvent *event)
{
    pst_watch_order_add(hub->order, event, g_get_real_time(), g_get_monotonic_time());
    arm_order(hub);
}

static PstWatchEvent *
standing_of(const Guest *guest)
{
    g_autofree char *message =
        guest->listening ? g_strdup("its shim is listened to") : g_strdup(guest->reason);

    if (guest->listening && guest->deaf_us != 0) {
        g_free(message);
        message = g_strdup_printf("its shim is listened to again; what its recorder wrote of the "
                                  "time between: postern records %s",
                                  guest->name);
    }
    PstWatchEvent *event =
        pst_watch_event_new(g_get_real_time(), PST_WATCH_POSTERN,
                            guest->listening ? PST_WATCH_LISTENING : PST_WATCH_DEAF, message);
    event->domain = g_strdup(guest->name);
    event->uuid = g_strdup(guest->uuid);
    if (guest->deaf_us != 0)
        event->since_us = guest->deaf_us;
    return event;
}

static void
tell_standing(Guest *guest)
{
    guest->told = TRUE;
    tell(guest->hub, standing_of(guest));
}

/* ---- a guest */

static void
close_guest(Guest *guest)
{
    PstWatchHub *hub = guest->hub;

    clear_source(&guest->timer);
    if (guest->in_line)
        g_queue_remove(&hub->line, guest);
    guest->in_line = FALSE;
    if (guest->ear != NULL && !guest->listening)
        hub->n_opening--;
    guest->listening = FALSE;
    g_clear_pointer(&guest->ear, pst_watch_ear_free);
}

static void
free_guest(gpointer data)
{
    Guest *guest = data;

    close_guest(guest);
    g_free(guest->uuid);
    g_free(guest->name);
    g_free(guest->reason);
    g_free(guest);
}

static void open_next(PstWatchHub *hub);

static gboolean
on_pause_over(gpointer data)
{
    Guest *guest = data;

    clear_source(&guest->timer);
    if (guest->ear != NULL || guest->in_line)
        return G_SOURCE_REMOVE;
    guest->in_line = TRUE;
    g_queue_push_tail(&guest->hub->line, guest);
    open_next(guest->hub);
    return G_SOURCE_REMOVE;
}

static void
open_after(Guest *guest, guint ms)
{
    clear_source(&guest->timer);
    guest->timer = attach(guest->hub, g_timeout_source_new(ms), on_pause_over, guest);
}

/* Something happened that makes it worth an attempt now. */
static void
open_now(Guest *guest)
{
    guest->pause_ms = FIRST_PAUSE_MS;
    if (guest->ear != NULL)
        guest->again = TRUE;
    else if (!guest->in_line)
        open_after(guest, 0);
}

static void
on_begun(gpointer data)
{
    Guest *guest = data;
    PstWatchHub *hub = guest->hub;

    hub->n_opening--;
    guest->listening = TRUE;
    guest->begun_us = g_get_monotonic_time();
    tell_standing(guest);
    guest->deaf_us = 0;
    open_next(hub);
}

/* The next attempt comes after a pause, and the one behind it after a longer one. */
static void
open_later(Guest *guest)
{
    open_after(guest, guest->pause_ms);
    guest->pause_ms = MIN(guest->pause_ms * 2, MAX_PAUSE_MS);
}

static void
on_failed(const char *reason, PstWatchEarHope hope, gpointer data)
{
    Guest *guest = data;
    PstWatchHub *hub = guest->hub;
    gboolean news = !guest->told || g_strcmp0(reason, guest->reason) != 0;
    gboolean lost = hub->lost_us != 0;

    close_guest(guest);
    g_free(guest->reason);
    guest->reason = g_strdup(reason);
    if (news && !lost)
        tell_standing(guest);
    /* All are opened again once libvirt is there. */
    if (guest->again && !lost) {
        guest->again = FALSE;
        open_after(guest, 0);
    } else if (lost) {
        guest->again = FALSE;
    } else if (hope == PST_WATCH_EAR_LATER ||
               (hope == PST_WATCH_EAR_PORT && !pst_watch_domains_hears_ports(hub->domains))) {
        open_later(guest);
    }
    open_next(hub);
}

/* The start of the shim is told to whoever subscribes: news it is only where the one before was
 * another. */
static gboolean
is_news(Guest *guest, const PstWatchEvent *event, gint64 boottime_us)
{
    gint64 before_us = guest->shim_us;

    if (!g_str_equal(event->event, pst_record_event_names[PST_EVENT_SHIM_STARTED]))
        return TRUE;
    guest->shim_us = boottime_us;
    return before_us != PST_INT_UNKNOWN && before_us != boottime_us;
}

static void
on_guest_event(PstWatchEvent *event, gint64 boottime_us, gpointer data)
{
    Guest *guest = data;

    if (!is_news(guest, event, boottime_us)) {
        pst_watch_event_free(event);
        return;
    }
    event->domain = g_strdup(guest->name);
    tell(guest->hub, event);
}

static void
on_ended(const char *reason, gpointer data)
{
    Guest *guest = data;
    gboolean lost = guest->hub->lost_us != 0;

    if (guest->listening)
        guest->deaf_us = g_get_real_time();
    if (guest->listening && g_get_monotonic_time() - guest->begun_us >= STEADY_US)
        guest->pause_ms = FIRST_PAUSE_MS;
    close_guest(guest);
    guest->again = FALSE;
    g_free(guest->reason);
    guest->reason = g_strdup(reason);
    if (!lost) {
        tell_standing(guest);
        open_later(guest);
    }
    open_next(guest->hub);
}

static void
open_next(PstWatchHub *hub)
{
    static const PstWatchEarFuncs funcs = {on_begun, on_failed, on_guest_event, on_ended};

    while (hub->n_opening < MAX_OPENING && !g_queue_is_empty(&hub->line)) {
        Guest *guest = g_queue_pop_head(&hub->line);

        guest->in_line = FALSE;
        guest->again = FALSE;
        hub->n_opening++;
        guest->ear = pst_watch_ear_new(hub->hypervisor, guest->uuid, hub->context, &funcs, guest);
    }
}

/* ---- the domains */

static Guest *
guest_of(PstWatchHub *hub, const char *uuid, const char *name)
{
    Guest *guest = g_hash_table_lookup(hub->guests, uuid);

    if (guest == NULL) {
        guest = g_new0(Guest, 1);
        guest->hub = hub;
        guest->uuid = g_strdup(uuid);
        guest->name = g_strdup(name);
        guest->shim_us = PST_INT_UNKNOWN;
        guest->pause_ms = FIRST_PAUSE_MS;
        guest->reason = g_strdup("its shim is not listened to yet");
        g_hash_table_insert(hub->guests, guest->uuid, guest);
    }
    if (!g_str_equal(guest->name, name)) {
        g_free(guest->name);
        guest->name = g_strdup(name);
    }
    return guest;
}

static PstWatchEvent *
event_of(const char *event, const char *message)
{
    return pst_watch_event_new(g_get_real_time(), PST_WATCH_POSTERN, event, message);
}

static gboolean
is_listed(const char *const *uuids, const gboolean *running, const char *uuid)
{
    for (guint i = 0; uuids[i] != NULL; i++)
        if (running[i] && g_str_equal(uuids[i], uuid))
            return TRUE;
    return FALSE;
}

/* What ran when libvirt was lost and does not any more went without a word. */
static void
tell_gone(PstWatchHub *hub, const Guest *guest, gboolean defined, gint64 lost_us)
{
    const char *const kinds[] = {"stopped", defined ? NULL : "undefined", NULL};

    for (guint i = 0; kinds[i] != NULL; i++) {
        PstWatchEvent *event = pst_watch_event_new(g_get_real_time(), PST_WATCH_LIBVIRT, kinds[i],
                                                   "while libvirt told nothing");
        event->domain = g_strdup(guest->name);
        event->uuid = g_strdup(guest->uuid);
        event->since_us = lost_us;
        event->late = PST_TRI_YES;
        tell(hub, event);
    }
}

/* LOST_US: since when libvirt had been lost; 0: it had not, and has told of those itself. */
static void
drop_gone(PstWatchHub *hub, const char *const *uuids, const gboolean *running, gint64 lost_us)
{
    GHashTableIter iter;
    gpointer uuid, guest;
    g_hash_table_iter_init(&iter, hub->guests);
    while (g_hash_table_iter_next(&iter, &uuid, &guest)) {
        if (is_listed(uuids, running, uuid))
            continue;
        if (lost_us != 0)
            tell_gone(hub, guest, g_strv_contains(uuids, uuid), lost_us);
        g_hash_table_iter_remove(&iter);
    }
}

static void
on_listed(const char *const *uuids, const char *const *names, const gboolean *running,
          gpointer data)
{
    PstWatchHub *hub = data;
    gint64 lost_us = hub->lost_us;

    if (lost_us != 0) {
        PstWatchEvent *back = event_of(PST_WATCH_BACK, "libvirt tells again what happens; what did "
                                                       "meanwhile is not known");
        back->since_us = lost_us;
        hub->lost_us = 0;
        tell(hub, back);
    }
    drop_gone(hub, uuids, running, lost_us);
    for (guint i = 0; uuids[i] != NULL; i++)
        if (running[i] && is_wanted(hub, names[i], uuids[i]))
            open_now(guest_of(hub, uuids[i], names[i]));
    for (guint i = 0; i < hub->wants->len; i++)
        pst_watch_want_check(hub->wants->pdata[i], uuids, names);
}

static gboolean
is_over(const PstDomainNews *news)
{
    return g_str_equal(news->event, "stopped") || g_str_equal(news->event, "undefined");
}

static gboolean
is_begun(const PstDomainNews *news)
{
    return g_str_equal(news->event, "started") || g_str_equal(news->event, "resumed") ||
           g_str_equal(news->event, "reset");
}

/* Firmware resets the machine once more as it begins, which QEMU tells as well. */
static gboolean
is_again(Guest *guest, const PstDomainNews *news)
{
    if (guest == NULL || !g_str_equal(news->event, "reset"))
        return FALSE;
    gboolean again = ABS(news->heard_us - guest->reset_us) < RESET_US;
    guest->reset_us = news->heard_us;
    return again;
}

static void
on_happened(const PstDomainNews *news, gpointer data)
{
    PstWatchHub *hub = data;
    Guest *guest = g_hash_table_lookup(hub->guests, news->uuid);

    if (is_again(guest, news))
        return;
    PstWatchEvent *event = pst_watch_event_new(news->heard_us, PST_WATCH_LIBVIRT, news->event,
                                               news->detail != NULL ? news->detail : news->event);
    event->domain = g_strdup(news->name);
    event->uuid = g_strdup(news->uuid);
    tell(hub, event);
    if (g_str_equal(news->event, "stopped"))
        g_hash_table_remove(hub->guests, news->uuid);
    else if (is_begun(news) && is_wanted(hub, news->name, news->uuid))
        open_now(guest_of(hub, news->uuid, news->name));
    else if (guest != NULL && !is_over(news))
        open_now(guest_of(hub, news->uuid, news->name));
}

static void
on_port(const char *uuid, gpointer data)
{
    PstWatchHub *hub = data;
    Guest *guest = g_hash_table_lookup(hub->guests, uuid);

    if (guest == NULL)
        return;
    if (guest->listening)
        pst_watch_ear_check(guest->ear);
    else
        open_now(guest);
}

static void
on_lost(const char *reason, gpointer data)
{
    PstWatchHub *hub = data;
    g_autofree char *message = g_strdup_printf("what happens to domains is not told: %s", reason);

    hub->lost_us = g_get_real_time();
    tell(hub, event_of(PST_WATCH_LOST, message));
}

static gboolean
on_check(gpointer data)
{
    const PstWatchHub *hub = data;
    GHashTableIter iter;
    gpointer value;

    if (pst_watch_domains_hears_ports(hub->domains))
        return G_SOURCE_CONTINUE;
    g_hash_table_iter_init(&iter, hub->guests);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((Guest *)value)->listening)
            pst_watch_ear_check(((Guest *)value)->ear);
    return G_SOURCE_CONTINUE;
}

/* ---- who wants what */

static void
begin(PstWatchHub *hub)
{
    static const PstWatchDomainsFuncs funcs = {on_listed, on_happened, on_port, on_lost};

    hub->lost_us = 0;
    hub->order = pst_watch_order_new();
    hub->domains = pst_watch_domains_new(hub->hypervisor, hub->context, &funcs, hub);
    hub->check_timer = attach(hub, g_timeout_source_new_seconds(CHECK_S), on_check, hub);
}

static void
end(PstWatchHub *hub)
{
    clear_source(&hub->order_timer);
    clear_source(&hub->check_timer);
    g_hash_table_remove_all(hub->guests);
    g_clear_pointer(&hub->domains, pst_watch_domains_free);
    g_clear_pointer(&hub->order, pst_watch_order_free);
}

/* One more who wants to know: of what is known already, at once; of the rest, as it comes. What
 * there is and does not run, or is not wanted yet, libvirt is asked for anew. */
static void
join(PstWatchHub *hub, const PstWatchWant *want)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, hub->guests);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Guest *guest = value;

        if (!guest->told || !pst_watch_want_covers(want, guest->name, guest->uuid))
            continue;
        g_autoptr(PstWatchEvent) event = standing_of(guest);
        pst_watch_want_tell(want, event);
    }
    pst_watch_domains_list(hub->domains);
}

PstWatchWant *
pst_watch_hub_want(PstWatchHub *hub, const PstWatchWanted *wanted)
{
    PstWatchWant *want = pst_watch_want_new(wanted);

    g_ptr_array_add(hub->wants, want);
    if (hub->domains == NULL)
        begin(hub);
    else
        join(hub, want);
    return want;
}

void
pst_watch_hub_unwant(PstWatchHub *hub, PstWatchWant *want)
{
    GHashTableIter iter;
    gpointer value;

    g_ptr_array_remove(hub->wants, want);
    if (hub->wants->len == 0) {
        end(hub);
        return;
    }
    g_hash_table_iter_init(&iter, hub->guests);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Guest *guest = value;

        if (!is_wanted(hub, guest->name, guest->uuid))
            g_hash_table_iter_remove(&iter);
    }
    open_next(hub);
}

PstWatchHub *
pst_watch_hub_new(GMainContext *context, PstHypervisor *hypervisor)
{
    PstWatchHub *hub = g_new0(PstWatchHub, 1);

    hub->context = g_main_context_ref(context);
    hub->hypervisor = pst_hypervisor_ref(hypervisor);
    hub->wants = g_ptr_array_new_with_free_func((GDestroyNotify)pst_watch_want_free);
    hub->guests = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_guest);
    g_queue_init(&hub->line);
    return hub;
}

void
pst_watch_hub_free(PstWatchHub *hub)
{
    if (hub->domains != NULL)
        end(hub);
    g_hash_table_unref(hub->guests);
    g_ptr_array_unref(hub->wants);
    pst_hypervisor_unref(hub->hypervisor);
    g_main_context_unref(hub->context);
    g_free(hub);
}
