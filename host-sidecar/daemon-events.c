// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/daemon-events.h"

#include "host-sidecar/domain-watch.h"
#include "host-sidecar/lifecycle-hear.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/task.h"

/* Until it is tried again where it failed, or where libvirt has not answered. */
#define AGAIN_US (5 * G_USEC_PER_SEC)
#define SILENCE_US (30 * G_USEC_PER_SEC)
#define HELD_US (PST_RECENT_MAX_MS * G_GINT64_CONSTANT(1000))

struct PstDaemonEvents {
    GMainContext *context;
    PstHypervisor *hypervisor;
    PstRecent *recent;
    guint generation;      /* of the watch that is held or being started */
    PstDomainWatch *watch; /* NULL while there is none */
    gint64 again_us;       /* before that none is started */
    gint64 wanted_us;
    GSource *let_go;
};

/* Of a watch, wherever it is. */
typedef struct {
    PstDaemonEvents *events;
    guint generation;
    PstDomainWatch *watch;
    char *uuid;
} Note;

PstDaemonEvents *
pst_daemon_events_new(GMainContext *context, PstHypervisor *hypervisor, PstRecent *recent)
{
    PstDaemonEvents *events = g_new0(PstDaemonEvents, 1);

    events->context = g_main_context_ref(context);
    events->hypervisor = pst_hypervisor_ref(hypervisor);
    events->recent = recent;
    return events;
}

static void
free_note(gpointer data)
{
    g_free(((Note *)data)->uuid);
    g_free(data);
}

static Note *
new_note(PstDaemonEvents *events, guint generation)
{
    Note *note = g_new0(Note, 1);

    note->events = events;
    note->generation = generation;
    return note;
}

static void
tell(Note *note, GSourceFunc function)
{
    pst_loop_tell(note->events->context, function, note, free_note);
}

static gpointer
stop_watch(gpointer watch, GError **unused G_GNUC_UNUSED)
{
    pst_domain_watch_stop(watch);
    return NULL;
}

/* One that can't be stopped for want of a thread is left: it tells nobody any more. */
static void
stop_in_task(PstDomainWatch *watch)
{
    if (watch != NULL)
        (void)pst_task_start(stop_watch, watch, NULL, "events", NULL);
}

static void
end_watch(PstDaemonEvents *events, gint64 again_us)
{
    events->generation++;
    events->again_us = again_us;
    pst_recent_unwatched(events->recent);
    stop_in_task(g_steal_pointer(&events->watch));
}

/* ---- what the watch tells */

static gboolean
on_happened(gpointer data)
{
    const Note *note = data;

    if (note->generation == note->events->generation)
        pst_recent_forget(note->events->recent, note->uuid, g_get_monotonic_time());
    return G_SOURCE_REMOVE;
}

static gboolean
on_lost(gpointer data)
{
    const Note *note = data;

    if (note->generation == note->events->generation)
        end_watch(note->events, g_get_monotonic_time() + AGAIN_US);
    return G_SOURCE_REMOVE;
}

static void
note_happened(const PstDomainNews *news, gpointer user_data)
{
    const Note *watched = user_data;
    Note *note = new_note(watched->events, watched->generation);

    note->uuid = g_strdup(news->uuid);
    tell(note, on_happened);
    pst_lifecycle_hear(watched->events->hypervisor, news);
}

static void
note_lost(gpointer user_data)
{
    const Note *watched = user_data;

    tell(new_note(watched->events, watched->generation), on_lost);
}

/* ---- its start and end */

static gboolean
on_started(gpointer data)
{
    const Note *note = data;
    PstDaemonEvents *events = note->events;
    gint64 now_us = g_get_monotonic_time();

    if (note->generation != events->generation) {
        stop_in_task(note->watch);
        return G_SOURCE_REMOVE;
    }
    events->watch = note->watch;
    events->again_us = now_us + AGAIN_US;
    if (events->watch != NULL)
        pst_recent_watched(events->recent, now_us);
    return G_SOURCE_REMOVE;
}

static gpointer
start_watch(gpointer data, GError **unused G_GNUC_UNUSED)
{
    static const PstDomainWatchFuncs funcs = {note_happened, NULL, note_lost, free_note};
    const Note *wanted = data;
    Note *note = new_note(wanted->events, wanted->generation);

    note->watch = pst_domain_watch_start(wanted->events->hypervisor, &funcs,
                                         new_note(wanted->events, wanted->generation), NULL);
    tell(note, on_started);
    return NULL;
}

static gboolean on_let_go(gpointer data);

static void
let_go_at(PstDaemonEvents *events, gint64 when_us)
{
    events->let_go = g_timeout_source_new(0);
    g_source_set_ready_time(events->let_go, when_us);
    g_source_set_callback(events->let_go, on_let_go, events, NULL);
    g_source_attach(events->let_go, events->context);
}

static gboolean
on_let_go(gpointer data)
{
    PstDaemonEvents *events = data;

    g_clear_pointer(&events->let_go, g_source_unref);
    if (events->wanted_us + HELD_US > g_get_monotonic_time())
        let_go_at(events, events->wanted_us + HELD_US);
    else
        end_watch(events, 0);
    return G_SOURCE_REMOVE;
}

void
pst_daemon_events_want(PstDaemonEvents *events)
{
    gint64 now_us = g_get_monotonic_time();

    events->wanted_us = now_us;
    if (events->let_go == NULL)
        let_go_at(events, now_us + HELD_US);
    if (events->watch != NULL || now_us < events->again_us)
        return;
    events->generation++;
    events->again_us = now_us + SILENCE_US;
    (void)pst_task_start(start_watch, new_note(events, events->generation), free_note, "events",
                         NULL);
}
