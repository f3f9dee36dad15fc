// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-ear.h"

#include "host-sidecar/backend-channel.h"
#include "host-sidecar/channel-keep.h"
#include "host-sidecar/guest-channel.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"

#define OPEN_US (10 * G_USEC_PER_SEC)
/* What libvirt has not brought to an end by then hangs, and is left behind. */
#define HANGS_MS 15000
/* Of events on their way to the context's thread. A guest can't tell more in a minute. */
#define MAX_PENDING 512

struct PstWatchEar {
    gint references;
    PstHypervisor *hypervisor;
    char *uuid;
    GMainContext *context;
    PstWatchEarFuncs funcs;
    gpointer user_data;
    gboolean deaf; /* atomic: nobody wants to hear any more */
    gint n_pending;
    gint n_dropped;
    GSource *patience; /* of the context's thread, until it has begun or failed; NULL: no more */
};

/* On its way to the context's thread. */
typedef struct {
    PstWatchEar *ear;
    PstWatchEvent *event;
    gint64 boottime_us;
    char *reason;
    PstWatchEarHope hope;
} Note;

static PstWatchEar *
ref_ear(PstWatchEar *ear)
{
    g_atomic_int_inc(&ear->references);
    return ear;
}

static void
unref_ear(gpointer data)
{
    PstWatchEar *ear = data;

    if (!g_atomic_int_dec_and_test(&ear->references))
        return;
    pst_hypervisor_unref(ear->hypervisor);
    g_main_context_unref(ear->context);
    g_free(ear->uuid);
    g_free(ear);
}

static void
free_note(gpointer data)
{
    Note *note = data;

    g_clear_pointer(&note->event, pst_watch_event_free);
    g_free(note->reason);
    unref_ear(note->ear);
    g_free(note);
}

static Note *
new_note(PstWatchEar *ear, const char *reason)
{
    Note *note = g_new0(Note, 1);

    note->ear = ref_ear(ear);
    note->reason = g_strdup(reason);
    return note;
}

static void
tell(Note *note, GSourceFunc function)
{
    pst_loop_tell(note->ear->context, function, note, free_note);
}

static void
end_patience(PstWatchEar *ear)
{
    if (ear->patience == NULL)
        return;
    g_source_destroy(ear->patience);
    g_clear_pointer(&ear->patience, g_source_unref);
}

static gboolean
on_begun(gpointer data)
{
    PstWatchEar *ear = ((Note *)data)->ear;

    end_patience(ear);
    if (!g_atomic_int_get(&ear->deaf))
        ear->funcs.begun(ear->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_hanging(gpointer data)
{
    PstWatchEar *ear = data;

    end_patience(ear);
    ear->funcs.failed("libvirt does not open its channel in time", PST_WATCH_EAR_LATER,
                      ear->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_failed(gpointer data)
{
    const Note *note = data;

    end_patience(note->ear);
    if (!g_atomic_int_get(&note->ear->deaf))
        note->ear->funcs.failed(note->reason, note->hope, note->ear->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_event(gpointer data)
{
    Note *note = data;

    g_atomic_int_add(&note->ear->n_pending, -1);
    if (!g_atomic_int_get(&note->ear->deaf))
        note->ear->funcs.event(g_steal_pointer(&note->event), note->boottime_us,
                               note->ear->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_ended(gpointer data)
{
    const Note *note = data;

    end_patience(note->ear);
    if (!g_atomic_int_get(&note->ear->deaf))
        note->ear->funcs.ended(note->reason, note->ear->user_data);
    return G_SOURCE_REMOVE;
}

/* ---- what the channel tells, in a thread of its own and locked */

static void
hear_event(const PstChannel *channel, const PstEvent *event, gpointer data)
{
    PstWatchEar *ear = data;
    const PstEventBody *body = event->body;

    if (g_atomic_int_get(&ear->n_pending) >= MAX_PENDING) {
        g_atomic_int_inc(&ear->n_dropped);
        return;
    }
    gint64 ago_us = g_get_monotonic_time() - pst_channel_host_time_us(channel, event->boottime_us);
    gint64 lost = event->lost + g_atomic_int_exchange(&ear->n_dropped, 0);
    Note *note = new_note(ear, NULL);
    note->boottime_us = event->boottime_us;
    note->event = pst_watch_event_new(g_get_real_time() - ago_us, PST_WATCH_GUEST,
                                      pst_record_event_names[body->event], body->message);
    note->event->uuid = g_strdup(ear->uuid);
    note->event->path = g_strdup(body->path);
    note->event->unit = g_strdup(body->unit);
    note->event->text = g_strdup(body->text);
    note->event->suppressed = body->suppressed > 0 ? body->suppressed : PST_INT_UNKNOWN;
    note->event->lost = lost > 0 ? lost : PST_INT_UNKNOWN;
    g_atomic_int_inc(&ear->n_pending);
    tell(note, on_event);
}

static void
hear_end(const char *reason, gpointer data)
{
    tell(new_note(data, reason), on_ended);
}

/* ---- its beginning, in a task */

static gboolean
subscribe(PstChannel *channel, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) params = pst_event_subscribe_params(PST_EVENT_ALL);
    g_autoptr(PstMessage) answer = NULL;
    gint64 number = pst_channel_request(channel, "subscribe", params, error);

    if (number < 0 || pst_channel_wait(channel, &number, 1, deadline_us, &answer, error) < 0)
        return FALSE;
    if (answer->type == PST_MESSAGE_RESULT)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "its shim tells nothing unasked: %s",
                answer->error->message);
    return FALSE;
}

static gboolean
listen_over(PstChannelLoan *loan, PstWatchEar *ear, gint64 deadline_us, GError **error)
{
    static const PstChannelListener listener = {hear_event, hear_end, unref_ear};
    PstChannel *channel = pst_channel_keep_open(loan, deadline_us, error);

    /* One that another ear, which is about to be told of its end, was at. */
    if (channel == NULL || pst_channel_is_listened_to(channel)) {
        if (channel != NULL)
            g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "it is listened to already");
        return FALSE;
    }
    /* What happens before the answer is there is told too. */
    pst_channel_listen(channel, &listener, ref_ear(ear));
    if (!subscribe(channel, deadline_us, error))
        return FALSE;
    tell(new_note(ear, NULL), on_begun);
    if (!g_atomic_int_get(&ear->deaf))
        pst_channel_keep_settle(loan);
    return TRUE;
}

static PstWatchEarHope
hope_of(const PstGuest *guest)
{
    if (guest->xml.shim == PST_GUEST_XML_PORT_ABSENT || guest->state != VIR_DOMAIN_RUNNING)
        return PST_WATCH_EAR_STATE;
    return guest->xml.shim == PST_GUEST_XML_PORT_CONNECTED ? PST_WATCH_EAR_LATER
                                                           : PST_WATCH_EAR_PORT;
}

static void
fail(PstWatchEar *ear, const GError *error, PstWatchEarHope hope)
{
    Note *note = new_note(ear, error->message);

    note->hope = hope;
    tell(note, on_failed);
}

static gpointer
listen(gpointer data, GError **unused G_GNUC_UNUSED)
{
    PstWatchEar *ear = data;
    gint64 deadline_us = g_get_monotonic_time() + OPEN_US;
    g_autoptr(GError) error = NULL;

    if (pst_hypervisor_keep(ear->hypervisor) == NULL) {
        error = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE,
                            "this host keeps no channels: see what posternd said at its start");
        fail(ear, error, PST_WATCH_EAR_STATE);
        return NULL;
    }
    g_autoptr(PstGuest) guest = pst_guest_open(ear->hypervisor, ear->uuid, deadline_us, &error);
    if (guest == NULL) {
        fail(ear, error, PST_WATCH_EAR_LATER);
        return NULL;
    }
    if (!pst_backend_channel.is_open(guest, &error)) {
        fail(ear, error, hope_of(guest));
        return NULL;
    }
    const PstCarrierEnd end = pst_guest_channel_end(guest);
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&end, deadline_us, &error);
    if (loan == NULL || !listen_over(loan, ear, deadline_us, &error))
        fail(ear, error, PST_WATCH_EAR_LATER);
    return NULL;
}

static gpointer
check(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const PstWatchEar *ear = data;
    gint64 deadline_us = g_get_monotonic_time() + OPEN_US;
    g_autoptr(PstGuest) guest = pst_guest_open(ear->hypervisor, ear->uuid, deadline_us, NULL);

    if (guest != NULL)
        pst_hello_free(pst_guest_channel_greet(guest, deadline_us, NULL));
    return NULL;
}

/* ---- the whole */

PstWatchEar *
pst_watch_ear_new(PstHypervisor *hypervisor, const char *uuid, GMainContext *context,
                  const PstWatchEarFuncs *funcs, gpointer user_data)
{
    PstWatchEar *ear = g_new0(PstWatchEar, 1);
    g_autoptr(GError) error = NULL;

    ear->references = 1;
    ear->hypervisor = pst_hypervisor_ref(hypervisor);
    ear->uuid = g_strdup(uuid);
    ear->context = g_main_context_ref(context);
    ear->funcs = *funcs;
    ear->user_data = user_data;
    ear->patience = g_timeout_source_new(HANGS_MS);
    g_source_set_callback(ear->patience, on_hanging, ear, NULL);
    g_source_attach(ear->patience, context);
    if (!pst_task_start(listen, ref_ear(ear), unref_ear, "listen", &error))
        fail(ear, error, PST_WATCH_EAR_LATER);
    return ear;
}

void
pst_watch_ear_free(PstWatchEar *ear)
{
    PstChannelKeep *keep = pst_hypervisor_keep(ear->hypervisor);

    g_atomic_int_set(&ear->deaf, TRUE);
    end_patience(ear);
    if (keep != NULL)
        pst_channel_keep_let_go(keep, ear->uuid);
    unref_ear(ear);
}

void
pst_watch_ear_check(PstWatchEar *ear)
{
    (void)pst_task_start(check, ref_ear(ear), unref_ear, "check", NULL);
}
