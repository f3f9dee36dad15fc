// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-domains.h"

#include <stdlib.h>

#include "host-sidecar/loop-tell.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"

/* Between two attempts to have libvirt's events, growing. */
#define FIRST_PAUSE_MS 500
#define MAX_PAUSE_MS 10000
/* A libvirt that has not answered by then is lost, whenever it does. */
#define SILENCE_MS 10000

typedef struct PstWatchDomains Domains;

struct PstWatchDomains {
    gint references;
    PstHypervisor *hypervisor;
    GMainContext *context;
    PstWatchDomainsFuncs funcs;
    gpointer user_data;
    guint generation; /* of the attempt that counts; 0: freed */
    PstDomainWatch *watch;
    gboolean lost; /* and said so */
    guint pause_ms;
    GSource *timer; /* the next attempt, or the patience with this one */
};

/* Of an attempt, on its way to the context's thread, or in the hands of libvirt. */
typedef struct {
    Domains *domains;
    guint generation;
    PstDomainWatch *watch;
    char *reason, *uuid, *name, *event, *detail;
    PstDomainNews news;
    GPtrArray *uuids, *names;
    GArray *running;
} Note;

static void
unref_domains(Domains *domains)
{
    if (!g_atomic_int_dec_and_test(&domains->references))
        return;
    pst_hypervisor_unref(domains->hypervisor);
    g_main_context_unref(domains->context);
    g_free(domains);
}

static void
free_note(gpointer data)
{
    Note *note = data;

    g_free(note->reason);
    g_free(note->uuid);
    g_free(note->name);
    g_free(note->event);
    g_free(note->detail);
    g_clear_pointer(&note->uuids, g_ptr_array_unref);
    g_clear_pointer(&note->names, g_ptr_array_unref);
    g_clear_pointer(&note->running, g_array_unref);
    unref_domains(note->domains);
    g_free(note);
}

static Note *
new_note(Domains *domains, guint generation)
{
    Note *note = g_new0(Note, 1);

    g_atomic_int_inc(&domains->references);
    note->domains = domains;
    note->generation = generation;
    return note;
}

static void
tell(Note *note, GSourceFunc function)
{
    pst_loop_tell(note->domains->context, function, note, free_note);
}

static void
clear_timer(Domains *domains)
{
    if (domains->timer == NULL)
        return;
    g_source_destroy(domains->timer);
    g_clear_pointer(&domains->timer, g_source_unref);
}

static void
set_timer(Domains *domains, guint ms, GSourceFunc function)
{
    clear_timer(domains);
    domains->timer = g_timeout_source_new(ms);
    g_source_set_callback(domains->timer, function, domains, NULL);
    g_source_attach(domains->timer, domains->context);
}

static gpointer
stop_watch(gpointer watch, GError **unused G_GNUC_UNUSED)
{
    pst_domain_watch_stop(watch);
    return NULL;
}

static void
stop_in_task(PstDomainWatch *watch)
{
    if (watch != NULL)
        (void)pst_task_start(stop_watch, watch, NULL, "domains", NULL);
}

/* ---- what libvirt tells, in its thread */

static gboolean
is_current(const Note *note)
{
    return note->generation == note->domains->generation;
}

static gboolean
on_happened(gpointer data)
{
    Note *note = data;

    if (is_current(note))
        note->domains->funcs.happened(&note->news, note->domains->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_port(gpointer data)
{
    const Note *note = data;

    if (is_current(note))
        note->domains->funcs.port(note->uuid, note->domains->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean begin(gpointer data);

static void
lose(Domains *domains, const char *reason)
{
    domains->generation++;
    stop_in_task(g_steal_pointer(&domains->watch));
    set_timer(domains, domains->pause_ms, begin);
    domains->pause_ms = MIN(domains->pause_ms * 2, MAX_PAUSE_MS);
    if (!domains->lost)
        domains->funcs.lost(reason, domains->user_data);
    domains->lost = TRUE;
}

static gboolean
on_lost(gpointer data)
{
    const Note *note = data;

    if (is_current(note))
        lose(note->domains, note->reason);
    return G_SOURCE_REMOVE;
}

static void
note_happened(const PstDomainNews *news, gpointer user_data)
{
    const Note *watched = user_data;
    Note *note = new_note(watched->domains, watched->generation);

    note->news = *news;
    note->news.uuid = note->uuid = g_strdup(news->uuid);
    note->news.name = note->name = g_strdup(news->name);
    note->news.event = note->event = g_strdup(news->event);
    note->news.detail = note->detail = g_strdup(news->detail);
    tell(note, on_happened);
}

static void
note_port(const char *uuid, gpointer user_data)
{
    const Note *watched = user_data;
    Note *note = new_note(watched->domains, watched->generation);

    note->uuid = g_strdup(uuid);
    tell(note, on_port);
}

static void
note_lost(gpointer user_data)
{
    const Note *watched = user_data;
    Note *note = new_note(watched->domains, watched->generation);

    note->reason = g_strdup("libvirt closed the connection");
    tell(note, on_lost);
}

/* ---- an attempt, in a task */

static gboolean
list(Note *note, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(note->domains->hypervisor, error);
    virDomainPtr *found = NULL;

    if (connection == NULL)
        return FALSE;
    note->uuids = g_ptr_array_new_with_free_func(g_free);
    note->names = g_ptr_array_new_with_free_func(g_free);
    note->running = g_array_new(FALSE, FALSE, sizeof(gboolean));
    int n = virConnectListAllDomains(connection, &found, 0);
    if (n < 0)
        pst_virt_error_set(error, "the domains can't be listed");
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        gboolean running = virDomainIsActive(found[i]) == 1;

        virDomainGetUUIDString(found[i], uuid);
        g_ptr_array_add(note->uuids, g_strdup(uuid));
        g_ptr_array_add(note->names, g_strdup(virDomainGetName(found[i])));
        g_array_append_val(note->running, running);
        virDomainFree(found[i]);
    }
    free(found);
    virConnectClose(connection);
    g_ptr_array_add(note->uuids, NULL);
    g_ptr_array_add(note->names, NULL);
    return n >= 0;
}

static void
tell_list(const Note *note)
{
    note->domains->funcs.listed(
        (const char *const *)note->uuids->pdata, (const char *const *)note->names->pdata,
        (const gboolean *)(const void *)note->running->data, note->domains->user_data);
}

static gboolean
on_begun(gpointer data)
{
    Note *note = data;
    Domains *domains = note->domains;

    if (!is_current(note) || note->reason != NULL) {
        stop_in_task(g_steal_pointer(&note->watch));
        if (is_current(note))
            lose(domains, note->reason);
        return G_SOURCE_REMOVE;
    }
    clear_timer(domains);
    domains->watch = g_steal_pointer(&note->watch);
    domains->lost = FALSE;
    domains->pause_ms = FIRST_PAUSE_MS;
    tell_list(note);
    return G_SOURCE_REMOVE;
}

/* What happens while they are listed is told after it. */
static gpointer
attempt(gpointer data, GError **unused G_GNUC_UNUSED)
{
    static const PstDomainWatchFuncs funcs = {note_happened, note_port, note_lost, free_note};
    const Note *wanted = data;
    Note *note = new_note(wanted->domains, wanted->generation);
    g_autoptr(GError) error = NULL;

    note->watch = pst_domain_watch_start(note->domains->hypervisor, &funcs,
                                         new_note(wanted->domains, wanted->generation), &error);
    if (note->watch == NULL || !list(note, &error))
        note->reason = g_strdup(error->message);
    tell(note, on_begun);
    return NULL;
}

static gboolean
on_listed(gpointer data)
{
    Note *note = data;

    if (is_current(note) && note->reason == NULL)
        tell_list(note);
    return G_SOURCE_REMOVE;
}

static gpointer
list_again(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Note *wanted = data;
    Note *note = new_note(wanted->domains, wanted->generation);
    g_autoptr(GError) error = NULL;

    if (!list(note, &error))
        note->reason = g_strdup(error->message);
    tell(note, on_listed);
    return NULL;
}

void
pst_watch_domains_list(PstWatchDomains *domains)
{
    /* One that is being begun tells of itself. */
    if (domains->watch != NULL)
        (void)pst_task_start(list_again, new_note(domains, domains->generation), free_note, "list",
                             NULL);
}

static gboolean
on_silence(gpointer data)
{
    lose(data, "libvirt does not answer");
    return G_SOURCE_REMOVE;
}

static gboolean
begin(gpointer data)
{
    Domains *domains = data;
    g_autoptr(GError) error = NULL;
    Note *wanted = new_note(domains, ++domains->generation);

    if (pst_task_start(attempt, wanted, free_note, "domains", &error))
        set_timer(domains, SILENCE_MS, on_silence);
    else
        lose(domains, error->message);
    return G_SOURCE_REMOVE;
}

PstWatchDomains *
pst_watch_domains_new(PstHypervisor *hypervisor, GMainContext *context,
                      const PstWatchDomainsFuncs *funcs, gpointer user_data)
{
    Domains *domains = g_new0(Domains, 1);

    domains->references = 1;
    domains->hypervisor = pst_hypervisor_ref(hypervisor);
    domains->context = g_main_context_ref(context);
    domains->funcs = *funcs;
    domains->user_data = user_data;
    domains->pause_ms = FIRST_PAUSE_MS;
    set_timer(domains, 0, begin);
    return domains;
}

void
pst_watch_domains_free(PstWatchDomains *domains)
{
    domains->generation = 0;
    clear_timer(domains);
    stop_in_task(g_steal_pointer(&domains->watch));
    unref_domains(domains);
}

gboolean
pst_watch_domains_hears_ports(const PstWatchDomains *domains)
{
    return domains->watch != NULL && pst_domain_watch_hears_ports(domains->watch);
}
