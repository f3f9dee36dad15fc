// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/lifecycle-note.h"

#include "host-sidecar/hypervisor.h"
#include "host-sidecar/store-lifecycle.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"

#define MAX_UNDER_WAY 8

static gint under_way;

typedef struct {
    char *uri, *uuid, *domain;
    PstLifecycleSight sight;
} Note;

static void
free_note(gpointer data)
{
    Note *note = data;

    g_atomic_int_add(&under_way, -1);
    g_free(note->uri);
    g_free(note->uuid);
    g_free(note->domain);
    g_free(note);
}

/* Of the hypervisor's host, where that is this one; of another libvirt does not tell it. */
static gint64
host_boot(virConnectPtr connection)
{
    g_autofree char *uri = pst_hypervisor_uri(connection);
    g_autofree char *text = NULL;

    if (!pst_hypervisor_is_here(uri) ||
        !g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
        return PST_INT_UNKNOWN;
    return pst_lifecycle_host_boot(text);
}

gboolean
pst_lifecycle_note_look(virDomainPtr domain, PstLifecycleSight *sight, GError **error)
{
    int state = 0, reason = 0;

    if (virDomainGetState(domain, &state, &reason, 0) < 0)
        return pst_virt_error_set(error, "its state");
    unsigned int id = virDomainGetID(domain);
    gboolean runs = state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED;
    gboolean has_id = id <= G_MAXINT;
    *sight = (PstLifecycleSight){
        .state = runs ? VIR_DOMAIN_RUNNING : state,
        .reason = state == VIR_DOMAIN_BLOCKED ? VIR_DOMAIN_RUNNING_UNKNOWN : reason,
        .id = has_id ? (gint64)id : PST_INT_UNKNOWN,
        .seen_us = g_get_real_time(),
        .host_boot = has_id ? host_boot(virDomainGetConnect(domain)) : PST_INT_UNKNOWN,
    };
    return TRUE;
}

typedef struct {
    PstLifecycle *lifecycle;
    gboolean has_records;
} Noted;

static void
free_noted(gpointer data)
{
    Noted *noted = data;

    g_clear_pointer(&noted->lifecycle, pst_lifecycle_free);
    g_free(noted);
}

static gpointer
run_note(gpointer data, GError **error)
{
    const Note *note = data;
    g_autoptr(PstStore) store = pst_store_open_configured(note->uri, NULL, error);

    if (store == NULL)
        return NULL;
    Noted *noted = g_new0(Noted, 1);
    noted->has_records = pst_store_has_records(store, note->uuid);
    noted->lifecycle =
        pst_store_lifecycle_note(store, note->uuid, note->domain, &note->sight, NULL);
    return noted;
}

PstLifecycle *
pst_lifecycle_note_until(const char *uri, const char *uuid, const char *domain,
                         const PstLifecycleSight *sight, gboolean *has_records, gint64 deadline_us)
{
    g_autoptr(GError) unsaid = NULL;

    if (g_atomic_int_add(&under_way, 1) >= MAX_UNDER_WAY) {
        g_atomic_int_add(&under_way, -1);
        return NULL;
    }
    Note *note = g_new0(Note, 1);
    *note = (Note){g_strdup(uri), g_strdup(uuid), g_strdup(domain), *sight};
    Noted *noted =
        pst_task_call(run_note, note, free_note, free_noted, deadline_us, "the store", &unsaid);
    if (noted == NULL)
        return NULL;
    if (has_records != NULL)
        *has_records = noted->has_records;
    PstLifecycle *lifecycle = g_steal_pointer(&noted->lifecycle);
    free_noted(noted);
    return lifecycle;
}
